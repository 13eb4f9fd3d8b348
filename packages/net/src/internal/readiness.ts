/** Waiting until something can be done, without doing it. */
import { PENDING, type Context, type Poll } from "@rt/core";
import { madeProgress, pollProceed } from "@rt/core/driver";
import { Ready } from "../ready.ts";
import { READABLE, WRITABLE } from "./source.ts";
import { type WaitList, Waiter } from "./wait-list.ts";

/** What has a readiness to wait for. */
export interface Pollable {
  /** The bits that hold now. Throws when it was closed. @internal */
  _readiness(): number;
  /** Whom to tell when they change. @internal */
  _readyList(): WaitList;
}

/** Waits for some of `bits`. */
abstract class Readiness<T> extends Waiter<T> {
  readonly #io: Pollable;
  constructor(io: Pollable, bits: number) {
    super();
    this.#io = io;
    this._interest = bits;
  }
  protected abstract result(bits: number): T | null;
  override poll(cx: Context): Poll<T> {
    if (!pollProceed(cx)) return PENDING;
    const bits = this.#io._readiness();
    if ((bits & this._interest) !== 0) {
      const value = this.result(bits);
      if (value !== null) {
        this._leave();
        madeProgress();
        return value;
      }
    }
    this._enlist(this.#io._readyList(), cx);
    return PENDING;
  }
  override drop(): void {
    this._leave();
  }
  override describe(): string {
    const reads = (this._interest & READABLE) !== 0 ? "readable" : "";
    const writes = (this._interest & WRITABLE) !== 0 ? "writable" : "";
    return `a ${this.#io.constructor.name} to be ${[reads, writes].filter(Boolean).join(" or ")}`;
  }
}

export class ReadyFor extends Readiness<Ready> {
  protected override result(bits: number): Ready {
    return new Ready(bits & this._interest);
  }
}

export class Until extends Readiness<void> {
  protected override result(): void {
    return undefined;
  }
}

export class AsyncIo<T> extends Readiness<T> {
  readonly #run: () => T | null;
  constructor(on: Pollable, bits: number, run: () => T | null) {
    super(on, bits);
    this.#run = run;
  }
  protected override result(): T | null {
    return this.#run();
  }
}
