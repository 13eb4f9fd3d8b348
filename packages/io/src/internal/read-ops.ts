/**
 * The futures of readers. Those that run per operation have a `next()` of their own, see `suspension` of
 * `@rt/core/driver`.
 *
 * Each completed step of a primitive costs one unit of the budget, here and nowhere else.
 */
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
import { Chunks } from "../chunks.ts";
import { unexpectedEof } from "../errors.ts";
import { WIDEST, type NumberKind } from "../numbers.ts";
import type { ReadBuf } from "../read-buf.ts";
import type { Reader } from "../reader.ts";
import { CHUNK_MAX, compact, decode, EMPTY } from "./bytes.ts";
import { describeRead } from "./describe.ts";

/** Compared with on each poll: an imported binding is compared slowly. */
const pending: typeof PENDING = PENDING;

type Step<T> = IteratorResult<Future<unknown>, T>;

export class Read extends Future<number> {
  declare readonly _io: Reader;
  declare readonly _buf: Uint8Array;
  constructor(io: Reader, buf: Uint8Array) {
    super();
    this._io = io;
    this._buf = buf;
  }
  override poll(cx: Context): Poll<number> {
    if (!pollProceed(cx)) return pending;
    const count = this._io.pollRead(cx, this._buf);
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
  override drop(): void {
    this._io.dropRead();
  }
  override describe(): string {
    return describeRead(this._io);
  }
}

export class ReadChunk extends Future<Uint8Array | undefined> {
  declare readonly _io: Reader;
  declare readonly _max: number;
  constructor(io: Reader, max: number) {
    super();
    this._io = io;
    this._max = max;
  }
  override poll(cx: Context): Poll<Uint8Array | undefined> {
    if (!pollProceed(cx)) return pending;
    const chunk = this._io.pollReadChunk(cx, this._max);
    if (chunk !== pending) madeProgress();
    return chunk;
  }
  override next(): Step<Uint8Array | undefined> {
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

export class ReadIntoBuf extends Future<number> {
  declare readonly _io: Reader;
  declare readonly _buf: ReadBuf;
  constructor(io: Reader, buf: ReadBuf) {
    super();
    this._io = io;
    this._buf = buf;
  }
  override poll(cx: Context): Poll<number> {
    if (!pollProceed(cx)) return pending;
    const count = this._io.pollRead(cx, this._buf.unfilled());
    if (count === pending) return pending;
    madeProgress();
    this._buf.advance(count);
    return count;
  }
  override drop(): void {
    this._io.dropRead();
  }
  override describe(): string {
    return describeRead(this._io);
  }
}

export class ReadExact extends Future<Uint8Array> {
  declare readonly _io: Reader;
  declare readonly _buf: Uint8Array;
  _done = 0;
  constructor(io: Reader, buf: Uint8Array) {
    super();
    this._io = io;
    this._buf = buf;
  }
  override poll(cx: Context): Poll<Uint8Array> {
    const buf = this._buf;
    while (this._done < buf.length) {
      if (!pollProceed(cx)) return pending;
      const count = this._io.pollRead(cx, this._done === 0 ? buf : buf.subarray(this._done));
      if (count === pending) return pending;
      madeProgress();
      if (count === 0) throw unexpectedEof(buf.length, this._done);
      this._done += count;
    }
    return buf;
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
    return `${describeRead(this._io)} (${this._done} of ${this._buf.length} bytes are there)`;
  }
}

/** Collects all chunks until the end; `T` is made of them. */
abstract class ReadAll<T> extends Future<T> {
  readonly _io: Reader;
  /** The first one, as it came: there may be no other. */
  _first: Uint8Array | null = null;
  _chunks: Chunks | null = null;
  constructor(io: Reader) {
    super();
    this._io = io;
  }
  protected abstract finish(bytes: Uint8Array): T;
  override poll(cx: Context): Poll<T> {
    for (;;) {
      if (!pollProceed(cx)) return pending;
      const chunk = this._io.pollReadChunk(cx, CHUNK_MAX);
      if (chunk === pending) {
        // Others may be long in coming, and it may keep a large buffer.
        if (this._first !== null) this._gather(this._first);
        return pending;
      }
      madeProgress();
      if (chunk === undefined) return this.finish(this._all());
      if (this._first === null && this._chunks === null) this._first = chunk;
      else {
        if (this._first !== null) this._gather(this._first);
        this._gather(chunk);
      }
    }
  }
  _gather(chunk: Uint8Array): void {
    this._first = null;
    this._chunks ??= new Chunks();
    this._chunks.push(chunk);
  }
  _all(): Uint8Array {
    return this._first !== null ? compact(this._first) : (this._chunks?.concat() ?? EMPTY);
  }
  override drop(): void {
    this._io.dropRead();
  }
  override describe(): string {
    return describeRead(this._io);
  }
}

export class ReadToEnd extends ReadAll<Uint8Array> {
  protected override finish(bytes: Uint8Array): Uint8Array {
    return bytes;
  }
}

export class ReadToString extends ReadAll<string> {
  protected override finish(bytes: Uint8Array): string {
    return decode(bytes, 0, bytes.length);
  }
}

// One shared place for a number that comes in one piece, which is nearly every one.
const small = new Uint8Array(WIDEST);
const smallView = new DataView(small.buffer);
const smallOf: readonly Uint8Array[] = Array.from({ length: WIDEST + 1 }, (_, size) =>
  small.subarray(0, size),
);
/** Somebody is reading into it: whoever reads meanwhile has to use a place of their own. */
let smallTaken = false;

export class ReadNumber extends Future<number | bigint> {
  declare readonly _io: Reader;
  declare readonly _kind: NumberKind;
  /** The bytes so far, where they come in pieces. */
  _partial: Uint8Array | null = null;
  _done = 0;
  constructor(io: Reader, kind: NumberKind) {
    super();
    this._io = io;
    this._kind = kind;
  }
  override poll(cx: Context): Poll<number | bigint> {
    const { size } = this._kind;
    if (!pollProceed(cx)) return pending;
    const buffered = this._io._pollPeek(cx, small, size);
    if (buffered === pending) return pending;
    if (buffered) {
      madeProgress();
      return this._kind.get(smallView);
    }
    if (this._partial !== null || smallTaken) return this._pollPartial(cx);
    let count: Poll<number>;
    smallTaken = true;
    try {
      count = this._io.pollRead(cx, smallOf[size] as Uint8Array);
    } finally {
      smallTaken = false;
    }
    if (count === pending) return pending;
    madeProgress();
    if (count === size) return this._kind.get(smallView);
    if (count === 0) throw unexpectedEof(size, 0);
    this._partial = small.slice(0, size);
    this._done = count;
    return this._pollPartial(cx);
  }
  _pollPartial(cx: Context): Poll<number | bigint> {
    const { size } = this._kind;
    const bytes = (this._partial ??= new Uint8Array(size));
    while (this._done < size) {
      if (!pollProceed(cx)) return pending;
      const count = this._io.pollRead(cx, bytes.subarray(this._done));
      if (count === pending) return pending;
      madeProgress();
      if (count === 0) throw unexpectedEof(size, this._done);
      this._done += count;
    }
    return this._kind.get(new DataView(bytes.buffer));
  }
  override next(): Step<number | bigint> {
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
