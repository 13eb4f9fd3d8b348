/** The two directions of a stream as objects of their own. */
import { UsageError, type Context, type Poll } from "@rt/core";
import { SimplexStream } from "./duplex.ts";
import { checkIo } from "./internal/check-io.ts";
import { dispose } from "./internal/dispose.ts";
import { isChunked, Reader } from "./reader.ts";
import type { AsyncRead, AsyncWrite } from "./traits.ts";
import { pollChunk, pollVectored, Writer } from "./writer.ts";

/** What two halves have in common. */
interface Shared<S> {
  readonly stream: S;
  /** How many halves are not disposed yet. */
  open: number;
}

function release(shared: Shared<object>): void {
  shared.open -= 1;
  if (shared.open === 0) dispose(shared.stream);
}

function closed(half: object): UsageError {
  return new UsageError(
    "ERR_RT_DISPOSED",
    `Cannot use a ${half.constructor.name} that was disposed; keep it, or split anew`,
  );
}

/**
 * The reading half of a stream, see {@link split}.
 * @see Tokio `io::ReadHalf`
 * @public
 */
export class ReadHalf<S extends AsyncRead> extends Reader implements Disposable {
  /** @internal */
  readonly _shared: Shared<S>;
  #open = true;
  /** @internal */
  constructor(shared: Shared<S>) {
    super();
    this._shared = shared;
  }
  override pollRead(cx: Context, buf: Uint8Array): Poll<number> {
    return this.#stream().pollRead(cx, buf);
  }
  override pollReadChunk(cx: Context, max: number): Poll<Uint8Array | undefined> {
    const stream = this.#stream();
    return stream.pollReadChunk === undefined ? super.pollReadChunk(cx, max) : stream.pollReadChunk(cx, max);
  }
  override isReadChunked(): boolean {
    return isChunked(this._shared.stream);
  }
  override dropRead(): void {
    // A half that was disposed of may have given the stream to somebody else.
    if (this.#open) this._shared.stream.dropRead?.();
  }
  /** Whether `other` is the half of the same stream. @see Tokio `ReadHalf::is_pair_of` */
  isPairOf(other: WriteHalf<AsyncWrite>): boolean {
    return (other._shared as object) === this._shared;
  }
  /**
   * Gives the stream back. Both halves are used up then.
   * @throws UsageError when `other` is of another stream; both halves stay as they are.
   * @see Tokio `ReadHalf::unsplit`
   */
  unsplit(other: WriteHalf<S & AsyncWrite>): S {
    if (!this.isPairOf(other))
      throw new UsageError(
        "ERR_RT_INVALID_STATE",
        "Cannot unsplit: the halves are of two streams; ask isPairOf first",
      );
    const stream = this.#stream();
    other._useUp();
    this.#open = false;
    return stream;
  }
  /** Lets go of this half; the stream is disposed with the second one. */
  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#open = false;
    release(this._shared);
  }
  #stream(): S {
    if (!this.#open) throw closed(this);
    return this._shared.stream;
  }
}

/**
 * The writing half of a stream, see {@link split}.
 * @see Tokio `io::WriteHalf`
 * @public
 */
export class WriteHalf<S extends AsyncWrite> extends Writer implements Disposable {
  /** @internal */
  readonly _shared: Shared<S>;
  #open = true;
  /** @internal */
  constructor(shared: Shared<S>) {
    super();
    this._shared = shared;
  }
  override pollWrite(cx: Context, buf: Uint8Array): Poll<number> {
    return this.#stream().pollWrite(cx, buf);
  }
  override pollWriteChunk(cx: Context, chunk: Uint8Array): Poll<number> {
    return pollChunk(this.#stream(), cx, chunk);
  }
  override pollFlush(cx: Context): Poll<void> {
    return this.#stream().pollFlush(cx);
  }
  override pollShutdown(cx: Context): Poll<void> {
    return this.#stream().pollShutdown(cx);
  }
  override pollWriteVectored(cx: Context, bufs: readonly Uint8Array[]): Poll<number> {
    return pollVectored(this.#stream(), cx, bufs);
  }
  override isWriteVectored(): boolean {
    return this._shared.stream.isWriteVectored?.() ?? false;
  }
  /** Whether `other` is the half of the same stream. @see Tokio `WriteHalf::is_pair_of` */
  isPairOf(other: ReadHalf<AsyncRead>): boolean {
    return (other._shared as object) === this._shared;
  }
  /** Lets go of this half, without shutting down; the stream is disposed with the second one. */
  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#open = false;
    release(this._shared);
  }
  /** @internal */
  _useUp(): void {
    this.#stream();
    this.#open = false;
  }
  #stream(): S {
    if (!this.#open) throw closed(this);
    return this._shared.stream;
  }
}

/**
 * Splits a stream into a half that reads and a half that writes, for two tasks. {@link ReadHalf.unsplit} undoes it.
 * @example
 * ```ts
 * const [a, b] = duplex(64);
 * const [input, output] = split(a);
 * yield* output.writeAll("hi");
 * yield* b.writeAll("ho");
 * const text = yield* input.readExact(2);
 * new TextDecoder().decode(text); // => "ho"
 * ```
 * @see Tokio `io::split`
 * @public
 */
export function split<S extends AsyncRead & AsyncWrite>(stream: S): [ReadHalf<S>, WriteHalf<S>] {
  const shared: Shared<S> = { stream: checkIo("split", stream, "pollRead", "pollWrite"), open: 2 };
  return [new ReadHalf(shared), new WriteHalf(shared)];
}

/**
 * A stream in memory that goes one way: what is written to the second is read from the first. It holds `maxBytes`,
 * then writing waits. After a shutdown the reader gets what is left, then the end.
 *
 * Cancel safety: giving up a read or a write loses nothing.
 * @see Tokio `io::simplex`
 * @public
 */
export function simplex(maxBytes: number): [ReadHalf<SimplexStream>, WriteHalf<SimplexStream>] {
  return split(SimplexStream.newUnsplit(maxBytes));
}
