/** The futures of buffered readers. All of them look first and take last, so giving one up takes nothing. */
import { Future, PENDING, type Context, type Poll } from "@rt/core";
import { madeProgress, pollProceed } from "@rt/core/driver";
import type { BufRead } from "../buf-read.ts";
import { LimitError } from "../errors.ts";
import { copyOf, decode, findByte } from "./bytes.ts";
import { describeRead } from "./describe.ts";

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
      const at = findByte(reader._bytes, this._byte, from + this._seen, to);
      const length = (at < 0 ? Math.max(0, to - from) : at - from) | 0;
      if (length > this._limit) throw new LimitError(this._limit);
      if (at >= 0) return length + 1;
      const fetched = length === 0 ? reader._pollFill(cx) : reader._pollMore(cx);
      this._seen = length;
      this._from = reader._from;
      this._era = reader._era;
      if (fetched === PENDING) return PENDING;
      if (fetched === 0) return 0;
    }
  }
}

abstract class BufOp<T> extends Future<T> {
  protected readonly io: BufRead;
  constructor(io: BufRead) {
    super();
    this.io = io;
  }
  protected abstract step(cx: Context): Poll<T>;
  override poll(cx: Context): Poll<T> {
    if (!pollProceed(cx)) return PENDING;
    const value = this.step(cx);
    if (value !== PENDING) madeProgress();
    return value;
  }
  override describe(): string {
    return describeRead(this.io);
  }
}

export class FillBuf extends BufOp<Uint8Array> {
  protected override step(cx: Context): Poll<Uint8Array> {
    return this.io.pollFillBuf(cx);
  }
}

export class ReadUntil extends BufOp<Uint8Array> {
  readonly #search: Search;
  constructor(io: BufRead, byte: number, limit: number) {
    super(io);
    this.#search = new Search(byte, limit);
  }
  protected override step(cx: Context): Poll<Uint8Array> {
    return pollUntil(cx, this.io, this.#search);
  }
}

/** Takes the bytes up to and including the delimiter, or what is left at the end. */
export function pollUntil(cx: Context, io: BufRead, search: Search): Poll<Uint8Array> {
  const found = search.poll(cx, io);
  if (found === PENDING) return PENDING;
  const start = io._from;
  io._from = found === 0 ? Math.max(start, io._to) : start + found;
  return copyOf(io._bytes, start, io._from);
}

export class ReadLine extends BufOp<string> {
  readonly #search: Search;
  constructor(io: BufRead, limit: number) {
    super(io);
    this.#search = new Search(0x0a, limit);
  }
  protected override step(cx: Context): Poll<string> {
    const { io } = this;
    const found = this.#search.poll(cx, io);
    if (found === PENDING) return PENDING;
    const start = io._from;
    io._from = found === 0 ? Math.max(start, io._to) : start + found;
    return decode(io._bytes.subarray(start, io._from));
  }
}
