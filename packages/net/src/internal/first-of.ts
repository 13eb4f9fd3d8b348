/**
 * Tries the addresses that something resolves to, one after the other.
 *
 * A future and not a loop in a generator: that would take its own cancellation for the failure of one address, and go
 * on with the next.
 */
import { type Context, Future, PENDING, type Poll } from "@rt/core";
import { Resolve, type SocketAddr, type SocketAddrLike } from "../addr.ts";

export class FirstOf<T> extends Future<T> {
  readonly #resolve: Resolve;
  readonly #start: (addr: SocketAddr) => Future<T>;
  #addrs: readonly SocketAddr[] | null = null;
  /** The place of the one that is being tried. */
  #at = 0;
  #attempt: Future<T> | null = null;

  /** Gives what the first attempt gives that succeeds, or fails with the last. */
  constructor(addr: SocketAddrLike, start: (addr: SocketAddr) => Future<T>) {
    super();
    this.#resolve = new Resolve(addr, false);
    this.#start = start;
  }

  override poll(cx: Context): Poll<T> {
    if (this.#addrs === null) {
      const addrs = this.#resolve.poll(cx);
      if (addrs === PENDING) return PENDING;
      this.#addrs = addrs;
    }
    for (;;) {
      this.#attempt ??= this.#start(this.#addrs[this.#at] as SocketAddr); // it gives one at least
      try {
        return this.#attempt.poll(cx);
      } catch (error) {
        this.#attempt = null;
        this.#at += 1;
        if (this.#at === this.#addrs.length) throw error;
      }
    }
  }

  override drop(): void {
    this.#resolve.drop();
    this.#attempt?.drop();
    this.#attempt = null;
  }

  override describe(): string {
    return (this.#attempt ?? this.#resolve).describe();
  }
}
