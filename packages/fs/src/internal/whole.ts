/**
 * A file in one go: opened, and then read or written by one call of Node that sees to all of it. Where there is a FIFO or
 * a device in its place, that would keep a thread of the pool for as long as the other end likes; it goes bit by bit.
 */
import { Future, PENDING, type Context, type Poll } from "@rt/core";
import { close, type PathLike } from "node:fs";
import { File } from "../file.ts";
import { callPool } from "./busy-pool.ts";
import { Descriptor } from "./descriptor.ts";
import { discard, Opening, type Opened } from "./opening.ts";
import { PoolCall, type Done } from "./pool.ts";

/** What Node makes a file with by default. */
const MODE = 0o666;

export interface WholeCall<R, T> {
  /** As for a `PoolCall`. */
  readonly verb: string;
  readonly path: PathLike;
  readonly flags: number;
  /** Does it with what is open as `fd`. */
  atOnce(fd: number, done: Done<R>): void;
  /** Does it with a file that waits. */
  bitByBit(file: File): Future<R>;
  finish(result: R): T;
}

export class Whole<R, T> extends Future<T> {
  readonly #call: WholeCall<R, T>;
  readonly #pool: PoolCall<R | undefined, R | undefined>;
  /** What was no file. */
  #odd: Opened | null = null;
  #file: File | null = null;
  #rest: Future<R> | null = null;

  constructor(what: WholeCall<R, T>) {
    super();
    this.#call = what;
    let opening: Opening | null = null;
    this.#pool = new PoolCall({
      verb: what.verb,
      path: what.path,
      start: (done) => {
        opening = new Opening(what.path, what.flags, MODE, (error, opened) => {
          if (opened === undefined) done(error);
          else if (opened.isPlain) this.#go(opened.fd, done);
          else {
            this.#odd = opened;
            done(null);
          }
        });
      },
      // A file is read or written all the same.
      stop: () => opening?.stopWaiting(),
      finish: (result) => result,
      discard: () => {
        if (this.#odd !== null) discard(this.#odd);
      },
    });
  }

  #go(fd: number, done: Done<R | undefined>): void {
    const { verb, path } = this.#call;
    const ended: Done<R> = (error, result) => close(fd, (failed) => done(error ?? failed, result));
    callPool(verb, path, (told: Done<R>) => this.#call.atOnce(fd, told), ended);
  }

  override poll(cx: Context): Poll<T> {
    if (this.#rest === null) {
      const result = this.#pool.poll(cx);
      if (result === PENDING) return PENDING;
      if (this.#odd === null) return this.#call.finish(result as R); // there was no error
      this.#file = new File(new Descriptor(this.#odd, this.#call.path, false, 0));
      this.#rest = this.#call.bitByBit(this.#file);
    }
    let pending = false;
    try {
      const result = this.#rest.poll(cx);
      pending = result === PENDING;
      return result === PENDING ? PENDING : this.#call.finish(result);
    } finally {
      if (!pending) this.#file?.[Symbol.dispose]();
    }
  }

  override drop(): void {
    if (this.#rest === null) {
      this.#pool.drop();
      return;
    }
    this.#rest.drop();
    this.#file?.[Symbol.dispose]();
  }

  override describe(): string {
    return this.#pool.describe();
  }
}
