/** The I/O driver: the sockets of a runtime, and what can make them. */
import type { Handle } from "@rt/core";
import { type Driver, type DriverKey, LayeredDriver } from "@rt/core/driver";
import { type IoError, rtShutdownErr } from "@rt/io";
import { Gather } from "./internal/gather.ts";
import type { Sockets, Source } from "./internal/source.ts";
import { nodeSockets } from "./internal/sys/node-sockets.ts";

/**
 * Knows every socket of a runtime, so that a shutdown reaches them. It is put on the stack by the first socket, or by
 * `Builder.addDriver(ioKey)`.
 *
 * The platform's event loop does the waiting: a socket that is open and reads, or a listener, keeps the process alive
 * as those of Node do, with or without a `blockOn`.
 * @see Tokio `runtime::io::Driver`, which `Builder::enable_io` adds
 * @public
 */
export class IoDriver extends LayeredDriver {
  /** @internal */
  readonly sockets: Sockets = nodeSockets;
  /** @internal */
  failure: IoError | null = null;
  /** @internal */
  readonly events: Gather = new Gather(() => this.inner.unpark());
  #first: Source | null = null;
  #open = 0;

  /** Sockets and listeners that are open. */
  openSockets(): number {
    return this.#open;
  }

  /** @internal */
  add(source: Source): void {
    if (this.failure !== null) throw this.failure;
    this.#open += 1;
    source.next = this.#first;
    if (this.#first !== null) this.#first.previous = source;
    this.#first = source;
  }

  /** @internal */
  remove(source: Source): void {
    this.#open -= 1;
    if (source.previous === null) this.#first = source.next;
    else source.previous.next = source.next;
    if (source.next !== null) source.next.previous = source.previous;
    source.previous = null;
    source.next = null;
  }

  override unpark(): void {
    if (!this.events.holds()) super.unpark();
  }

  override shutdown(): void {
    this.failure = rtShutdownErr();
    // A source that fails leaves the list, and may take others with it.
    while (this.#first !== null) this.#first.fail(this.failure);
    super.shutdown();
  }
}

/**
 * The key of the I/O driver, for `Builder.addDriver` and `Handle.driver`.
 * @example
 * ```ts
 * import { Builder } from "@rt/core";
 *
 * const runtime = Builder.currentThread().addDriver(ioKey).build();
 * runtime.handle().driver(ioKey).openSockets(); // => 0
 * runtime.shutdownBackground();
 * ```
 * @see Tokio `Builder::enable_io`
 * @public
 */
export const ioKey: DriverKey<IoDriver> = {
  name: "io",
  install: (inner: Driver, _handle: Handle) => new IoDriver(inner),
};
