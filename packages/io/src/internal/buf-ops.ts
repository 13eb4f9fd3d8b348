/** The futures of buffered readers. All of them look first and take last, so giving one up takes nothing. */
import { Future, PENDING, type Context, type Poll } from "@rt/core";
import {
  currentContext,
  FINISHED,
  madeProgress,
  notPolled,
  pollProceed,
  suspension,
  TAKEN,
} from "@rt/core/driver";
import type { BufRead } from "../buf-read.ts";
import { LimitError } from "../errors.ts";
import { decode, findByte, NEAR, smallCopy } from "./bytes.ts";
import { describeRead } from "./describe.ts";

type Step<T> = IteratorResult<Future<unknown>, T>;

/** Compared with on each poll: an imported binding is compared slowly. */
const pending: typeof PENDING = PENDING;

/** A search for a byte, which remembers how far it has come. */
export class Search {
  readonly _byte: number;
  readonly _limit: number;
  /** How many of the unread bytes have been looked at, as long as the window is where it was. */
  _seen = 0;
  _from = 0;
  _era = -1;

  constructor(byte: number, limit: number) {
    this._byte = byte;
    this._limit = limit;
  }

  /** How many bytes there are up to and including the delimiter; 0 when the input ends before one. */
  poll(cx: Context, reader: BufRead): Poll<number> {
    if (reader._from !== this._from || reader._era !== this._era) this._seen = 0;
    for (;;) {
      const { _from: from, _to: to } = reader;
      const at = findByte(reader._bytes, this._byte, from + this._seen, to, reader._reach);
      const length = (at < 0 ? Math.max(0, to - from) : at - from) | 0;
      if (length > this._limit) throw new LimitError(this._limit);
      if (at >= 0) {
        reader._reach = length < NEAR ? NEAR : 0;
        return length + 1;
      }
      const fetched = length === 0 ? reader._pollFill(cx) : reader._pollMore(cx);
      this._seen = length;
      this._from = reader._from;
      this._era = reader._era;
      if (fetched === pending) return pending;
      if (fetched === 0) return 0;
    }
  }
}

/** Takes what a search has found, but not the last `less` bytes of it; or what is left at the end. */
export function takeUntil(io: BufRead, found: number, less: number): Uint8Array {
  const start = io._from;
  const end = found === 0 ? Math.max(start, io._to) : start + found - less;
  io._from = found === 0 ? end : start + found;
  return smallCopy(io._bytes, start, end);
}

export class FillBuf extends Future<Uint8Array> {
  declare readonly _io: BufRead;
  constructor(io: BufRead) {
    super();
    this._io = io;
  }
  override poll(cx: Context): Poll<Uint8Array> {
    if (!pollProceed(cx)) return pending;
    const value = this._io.pollFillBuf(cx);
    if (value !== pending) madeProgress();
    return value;
  }
  override next(): Step<Uint8Array> {
    const cx = currentContext();
    if (cx === null || (this._state & TAKEN) !== 0) return notPolled(this);
    this._state |= FINISHED;
    const value = this.poll(cx);
    if (value !== pending) return { done: true, value };
    this._state &= ~FINISHED;
    return suspension;
  }
  override drop(): void {
    this._io.dropRead();
  }
  override describe(): string {
    return describeRead(this._io);
  }
}

export class ReadUntil extends Future<Uint8Array> {
  declare readonly _io: BufRead;
  declare readonly _search: Search;
  constructor(io: BufRead, byte: number, limit: number) {
    super();
    this._io = io;
    this._search = new Search(byte, limit);
  }
  override poll(cx: Context): Poll<Uint8Array> {
    if (!pollProceed(cx)) return pending;
    const found = this._search.poll(cx, this._io);
    if (found === pending) return pending;
    madeProgress();
    return takeUntil(this._io, found, 0);
  }
  override next(): Step<Uint8Array> {
    const cx = currentContext();
    if (cx === null || (this._state & TAKEN) !== 0) return notPolled(this);
    this._state |= FINISHED;
    const value = this.poll(cx);
    if (value !== pending) return { done: true, value };
    this._state &= ~FINISHED;
    return suspension;
  }
  override drop(): void {
    this._io.dropRead();
  }
  override describe(): string {
    return describeRead(this._io);
  }
}

export class ReadLine extends Future<string> {
  declare readonly _io: BufRead;
  declare readonly _search: Search;
  constructor(io: BufRead, limit: number) {
    super();
    this._io = io;
    this._search = new Search(0x0a, limit);
  }
  override poll(cx: Context): Poll<string> {
    if (!pollProceed(cx)) return pending;
    const io = this._io;
    const found = this._search.poll(cx, io);
    if (found === pending) return pending;
    madeProgress();
    const start = io._from;
    io._from = found === 0 ? Math.max(start, io._to) : start + found;
    return decode(io._bytes, start, io._from);
  }
  override next(): Step<string> {
    const cx = currentContext();
    if (cx === null || (this._state & TAKEN) !== 0) return notPolled(this);
    this._state |= FINISHED;
    const value = this.poll(cx);
    if (value !== pending) return { done: true, value };
    this._state &= ~FINISHED;
    return suspension;
  }
  override drop(): void {
    this._io.dropRead();
  }
  override describe(): string {
    return describeRead(this._io);
  }
}
