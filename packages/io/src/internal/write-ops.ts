/** The futures of writers, see `read-ops.ts`. */
import { Future, PENDING, type Context, type Poll } from "@rt/core";
import {
  classOf,
  currentContext,
  FINISHED,
  madeProgress,
  notPolled,
  pollProceed,
  suspension,
  TAKEN,
} from "@rt/core/driver";
import type { Buf } from "../buf.ts";
import { writeZero } from "../errors.ts";
import type { Writer } from "../writer.ts";
import { describeWrite } from "./describe.ts";

/** Compared with on each poll: an imported binding is compared slowly. */
const pending: typeof PENDING = PENDING;

type Step<T> = IteratorResult<Future<unknown>, T>;

/** What a Buf is asked for at most. Tokio's number. */
const MAX_SLICES = 64;

/** One step of a primitive. */
abstract class WriteOp<T> extends Future<T> {
  readonly _io: Writer;
  constructor(io: Writer) {
    super();
    this._io = io;
  }
  protected abstract step(cx: Context): Poll<T>;
  override poll(cx: Context): Poll<T> {
    if (!pollProceed(cx)) return pending;
    const value = this.step(cx);
    if (value !== pending) madeProgress();
    return value;
  }
  override describe(): string {
    return describeWrite(this._io);
  }
}

export class Write extends Future<number> {
  declare readonly _io: Writer;
  declare readonly _buf: Uint8Array;
  constructor(io: Writer, buf: Uint8Array) {
    super();
    this._io = io;
    this._buf = buf;
  }
  override poll(cx: Context): Poll<number> {
    if (!pollProceed(cx)) return pending;
    const count = this._io.pollWrite(cx, this._buf);
    if (count !== pending) madeProgress();
    return count;
  }
  override next(): Step<number> {
    const cx = currentContext();
    if (cx === null || (this._state & TAKEN) !== 0) return notPolled(this);
    this._state |= FINISHED;
    const value = this.poll(cx);
    if (value !== pending) return { done: true, value };
    this._state &= ~FINISHED;
    return suspension;
  }
  override describe(): string {
    return describeWrite(this._io);
  }
}

export class WriteAll extends Future<void> {
  declare readonly _io: Writer;
  /** What is left. Stays the same object while the writer is pending on it. */
  declare _rest: Uint8Array;
  /** Nobody else has the bytes. */
  declare readonly _given: boolean;
  constructor(io: Writer, data: Uint8Array, given: boolean) {
    super();
    this._io = io;
    this._rest = data;
    this._given = given;
  }
  override poll(cx: Context): Poll<void> {
    let rest = this._rest;
    while (rest.length > 0) {
      if (!pollProceed(cx)) return pending;
      const count = this._given ? this._io.pollWriteChunk(cx, rest) : this._io.pollWrite(cx, rest);
      if (count === pending) return pending;
      madeProgress();
      if (count === rest.length) return;
      if (count === 0) throw writeZero();
      rest = rest.subarray(count);
      this._rest = rest;
    }
  }
  override next(): Step<void> {
    const cx = currentContext();
    if (cx === null || (this._state & TAKEN) !== 0) return notPolled(this);
    this._state |= FINISHED;
    const value = this.poll(cx);
    if (value !== pending) return { done: true, value };
    this._state &= ~FINISHED;
    return suspension;
  }
  override describe(): string {
    return `${describeWrite(this._io)} (${this._rest.length} bytes are left)`;
  }
}

export class WriteVectored extends WriteOp<number> {
  readonly _bufs: readonly Uint8Array[];
  constructor(io: Writer, bufs: readonly Uint8Array[]) {
    super(io);
    this._bufs = bufs;
  }
  protected override step(cx: Context): Poll<number> {
    return this._io.pollWriteVectored(cx, this._bufs);
  }
}

/** One write from the front of `buf`. */
function pollWriteBuf(cx: Context, io: Writer, buf: Buf): Poll<number> {
  const count =
    buf.chunks !== undefined && io.isWriteVectored()
      ? io.pollWriteVectored(cx, buf.chunks(MAX_SLICES))
      : io.pollWrite(cx, buf.chunk());
  if (count !== pending) buf.advance(count);
  return count;
}

export class WriteBuf extends WriteOp<number> {
  readonly _buf: Buf;
  constructor(io: Writer, buf: Buf) {
    super(io);
    this._buf = buf;
  }
  protected override step(cx: Context): Poll<number> {
    return this._buf.remaining() === 0 ? 0 : pollWriteBuf(cx, this._io, this._buf);
  }
}

export class WriteAllBuf extends Future<void> {
  declare readonly _io: Writer;
  declare readonly _buf: Buf;
  constructor(io: Writer, buf: Buf) {
    super();
    this._io = io;
    this._buf = buf;
  }
  override poll(cx: Context): Poll<void> {
    while (this._buf.remaining() > 0) {
      if (!pollProceed(cx)) return pending;
      const count = pollWriteBuf(cx, this._io, this._buf);
      if (count === pending) return pending;
      madeProgress();
      if (count === 0) throw writeZero();
    }
  }
  override describe(): string {
    return `${describeWrite(this._io)} (${this._buf.remaining()} bytes are left)`;
  }
}

export class Flush extends Future<void> {
  declare readonly _io: Writer;
  constructor(io: Writer) {
    super();
    this._io = io;
  }
  override poll(cx: Context): Poll<void> {
    if (!pollProceed(cx)) return pending;
    const flushed = this._io.pollFlush(cx);
    if (flushed !== pending) madeProgress();
    return flushed;
  }
  override next(): Step<void> {
    const cx = currentContext();
    if (cx === null || (this._state & TAKEN) !== 0) return notPolled(this);
    this._state |= FINISHED;
    const value = this.poll(cx);
    if (value !== pending) return { done: true, value };
    this._state &= ~FINISHED;
    return suspension;
  }
  override describe(): string {
    return `a ${classOf(this._io)} to be flushed`;
  }
}

export class Shutdown extends WriteOp<void> {
  protected override step(cx: Context): Poll<void> {
    return this._io.pollShutdown(cx);
  }
  override describe(): string {
    return `a ${classOf(this._io)} to be shut down`;
  }
}
