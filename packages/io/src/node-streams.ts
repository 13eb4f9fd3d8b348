/** Streams of Node, both ways. */
import { PENDING, type Context, type Poll } from "@rt/core";
import { isBytes } from "@rt/core/driver";
import type { Duplex, Readable, Writable } from "node:stream";
import { ChunkReader } from "./buf-read.ts";
import { brokenPipe, IoError } from "./errors.ts";
import { compact, LARGEST_WRITE, READ_SIZE, SMALL_PIECE, smallCopy, toBytes } from "./internal/bytes.ts";
import { checkIo } from "./internal/check-io.ts";
import { dispose } from "./internal/dispose.ts";
import { Drive, Pour, Waiting } from "./internal/drive.ts";
import { nodeStream } from "./internal/sys/node.ts";
import { Join } from "./read-writer.ts";
import { reader } from "./reader.ts";
import type { AsyncRead, AsyncWrite } from "./traits.ts";
import { Writer } from "./writer.ts";

/** @public */
export interface FromNodeOptions {
  /** Whether `shutdown` ends the stream, which it does by default; otherwise it only flushes. */
  readonly end?: boolean;
}

function closedEarly(): IoError {
  return new IoError("UnexpectedEof", "Cannot go on: the Node stream was closed before its end", {
    code: "ERR_STREAM_PREMATURE_CLOSE",
  });
}

/**
 * Reads from a Node stream, see {@link fromNodeReadable}.
 * @public
 */
export class NodeReader extends ChunkReader implements Disposable {
  readonly #stream: Readable;
  readonly #waiting: Waiting = new Waiting();
  #attached = false;
  #ended = false;
  #failure: IoError | null = null;

  /** @internal */
  constructor(stream: Readable) {
    super();
    this.#stream = stream;
  }

  override pollNextChunk(cx: Context): Poll<Uint8Array | undefined> {
    const stream = this.#stream;
    if (!this.#attached) this.#attach();
    const chunk: unknown = this.#failure === null && !this.#ended ? stream.read(firstLength(stream)) : null;
    if (chunk !== null) {
      this.onWait?.(false);
      return toBytes(chunk);
    }
    if (this.#failure !== null) throw this.#failure;
    if (this.#ended) return undefined;
    this.onWait?.(true);
    return this.#waiting.wait(cx);
  }

  /** As the waiting ends, see {@link stdin}. What arrives later is for the next read. */
  override dropRead(): void {
    this.onWait?.(false);
    this.#waiting.wake();
  }

  /** Told whether somebody waits. @internal */
  onWait: ((waits: boolean) => void) | null = null;

  /** Stops listening and destroys the Node stream. */
  [Symbol.dispose](): void {
    this.#failure ??= this.#ended ? null : closedEarly();
    this.#detach();
    this.#stream.destroy();
    this.#waiting.wake();
  }

  #attach(): void {
    const stream = this.#stream;
    this.#attached = true;
    // What has happened before is not told again.
    if (stream.readableEnded) this.#ended = true;
    else if (stream.errored) this.#failure = IoError.from(stream.errored);
    else if (stream.destroyed) this.#failure = closedEarly();
    else {
      stream.on("readable", this.#onReadable).on("end", this.#onEnd);
      stream.on("error", this.#onError).on("close", this.#onClose);
    }
  }

  #detach(): void {
    const stream = this.#stream;
    stream.off("readable", this.#onReadable).off("end", this.#onEnd);
    stream.off("error", this.#onError).off("close", this.#onClose);
    this.#attached = true;
    this.onWait?.(false);
  }

  readonly #onReadable = (): void => this.#waiting.wake();
  readonly #onEnd = (): void => {
    this.#ended = true;
    this.#detach();
    this.#waiting.wake();
  };
  readonly #onError = (error: unknown): void => {
    this.#failure = IoError.from(error);
    this.#detach();
    this.#waiting.wake();
  };
  readonly #onClose = (): void => {
    // Everything has been read, and only the news of the end is still to come.
    if (this.#stream.readableEnded) this.#onEnd();
    else this.#onError(closedEarly());
  };
}

/**
 * A chunk for a stream's queue, which counts bytes, and not what they keep alive. Larger ones stay as they are: of those
 * there are few in a queue.
 */
function toKeep(chunk: Uint8Array): Uint8Array {
  return chunk.length < SMALL_PIECE ? compact(chunk) : chunk;
}

/**
 * How much to ask for. A stream that has several chunks, or gets one while it is asked, puts them together into a new
 * one, unless it is asked for the very length of the first. Asking for more than its `highWaterMark` would raise that.
 */
function firstLength(stream: Readable): number | undefined {
  // What a stream has queued is not told otherwise. Where it is kept in another way, the stream is asked for all.
  const { _readableState: state } = stream as {
    _readableState?: { buffer?: unknown[]; bufferIndex?: number };
  };
  const first = state?.buffer?.[state.bufferIndex ?? 0];
  return isBytes(first) && first.length <= stream.readableHighWaterMark ? first.length : undefined;
}

/**
 * Writes to a Node stream, see {@link fromNodeWritable}.
 * @public
 */
export class NodeWriter extends Writer implements Disposable {
  readonly #stream: Writable;
  readonly #end: boolean;
  readonly #listens: boolean;
  readonly #waiting: Waiting = new Waiting();
  #attached = false;
  #failure: IoError | null = null;
  /** Bytes that the stream has been given and has not reported as written. */
  #inFlight = 0;
  #shutdown: "no" | "asked" | "done" = "no";

  /** Where somebody else listens for errors, it need not, as each write hears of its own. @internal */
  constructor(stream: Writable, end: boolean, listens = true) {
    super();
    this.#stream = stream;
    this.#end = end;
    this.#listens = listens;
  }

  override pollWrite(cx: Context, buf: Uint8Array): Poll<number> {
    return this.#poll(cx, buf, false);
  }

  override pollWriteChunk(cx: Context, chunk: Uint8Array): Poll<number> {
    return this.#poll(cx, chunk, true);
  }

  #poll(cx: Context, buf: Uint8Array, given: boolean): Poll<number> {
    this.#check();
    if (this.#shutdown !== "no") throw brokenPipe("this writer was shut down");
    if (buf.length === 0) return 0;
    const stream = this.#stream;
    // By what this writer has under way itself: the standard streams have several.
    if (this.#inFlight > 0 && this.#inFlight >= stream.writableHighWaterMark) return this.#waiting.wait(cx);
    // The stream keeps it, so it gets bytes of its own.
    const most = Math.min(buf.length, LARGEST_WRITE);
    const bytes = given ? toKeep(buf.subarray(0, most)) : smallCopy(buf, 0, most);
    const now = this.#listens && !this.#end;
    if (now && this.#inFlight === 0) stream.on("error", this.#onError);
    this.#inFlight += bytes.length;
    stream.write(bytes, (error) => {
      this.#inFlight -= bytes.length;
      // The event for an error comes behind this.
      if (error) this.#failure ??= IoError.from(error);
      else if (now && this.#inFlight === 0) stream.off("error", this.#onError);
      this.#waiting.wake();
    });
    return bytes.length;
  }

  override pollFlush(cx: Context): Poll<void> {
    this.#check();
    if (this.#inFlight > 0) return this.#waiting.wait(cx);
  }

  override pollShutdown(cx: Context): Poll<void> {
    if (this.#shutdown === "done") return;
    if (!this.#end) return this.pollFlush(cx);
    this.#check();
    if (this.#shutdown === "no") {
      this.#shutdown = "asked";
      this.#stream.end(() => {
        // An error is told by the event as well.
        if (this.#failure === null && this.#stream.writableFinished) this.#finish();
      });
    }
    return this.#waiting.wait(cx);
  }

  /** Stops listening and destroys the Node stream. */
  [Symbol.dispose](): void {
    this.#failure ??= brokenPipe("this writer was disposed");
    this.#detach();
    this.#stream.destroy();
    this.#waiting.wake();
  }

  #finish(): void {
    this.#shutdown = "done";
    this.#detach();
    this.#waiting.wake();
  }

  #check(): void {
    if (!this.#attached) this.#attach();
    if (this.#failure !== null) throw this.#failure;
  }

  #attach(): void {
    const stream = this.#stream;
    this.#attached = true;
    if (stream.errored) this.#failure = IoError.from(stream.errored);
    else if (stream.destroyed || stream.writableEnded)
      this.#failure = brokenPipe("the Node stream is closed");
    else if (this.#end) stream.on("error", this.#onError).on("close", this.#onClose);
  }

  #detach(): void {
    this.#attached = true;
    this.#stream.off("error", this.#onError).off("close", this.#onClose);
  }

  readonly #onError = (error: unknown): void => {
    this.#failure = IoError.from(error);
    this.#detach();
    this.#waiting.wake();
  };
  readonly #onClose = (): void => {
    if (this.#stream.writableFinished) this.#finish();
    else this.#onError(brokenPipe("the Node stream was closed before its end"));
  };
}

/**
 * Reads from a stream of Node. What the stream has buffered is given away without a copy; it goes on reading only as
 * far as its `highWaterMark` lets it. Its errors are thrown as {@link IoError}; a stream that closes before its end
 * throws `ERR_STREAM_PREMATURE_CLOSE`.
 *
 * It listens from the first read until the end, an error, or its disposal, which destroys the stream.
 * @example
 * ```ts
 * import { Readable } from "node:stream";
 * const text = yield* fromNodeReadable(Readable.from(["to ", "be"])).readToString();
 * text; // => "to be"
 * ```
 * @public
 */
export function fromNodeReadable(stream: Readable): NodeReader {
  return new NodeReader(stream);
}

/**
 * Writes to a stream of Node. A write waits while as much as the stream's `highWaterMark` is under way; a flush waits
 * until the stream has reported everything as written; a shutdown ends it.
 *
 * It listens from the first write until the end, an error, or its disposal, which destroys the stream; one that is not
 * to end the stream listens while a write is under way.
 *
 * Cancel safety: giving up loses nothing: what was taken is written.
 * @public
 */
export function fromNodeWritable(stream: Writable, options: FromNodeOptions = {}): NodeWriter {
  return new NodeWriter(stream, options.end ?? true);
}

/** Both of the above for a stream that goes both ways. @public */
export function fromNodeDuplex(stream: Duplex, options?: FromNodeOptions): Join<NodeReader, NodeWriter> {
  return new Join(fromNodeReadable(stream), fromNodeWritable(stream, options));
}

type ReadSide = { read(this: Readable): void; stop(): void };

/** Chunks in a row from a source that is always ready, then the event loop has its turn. */
const CHUNKS_PER_TURN = 16;

function readSide(io: AsyncRead): ReadSide {
  const source = reader(io);
  let running: Drive<Uint8Array | undefined> | null = null;
  let stopped = false;
  let inARow = 0;
  return {
    read() {
      const start = () => {
        if (stopped) return;
        running = new Drive(
          (cx) => {
            const chunk = source.pollReadChunk(cx, READ_SIZE);
            if (chunk === PENDING) inARow = 0;
            return chunk;
          },
          (chunk) => this.push(chunk === undefined ? null : toKeep(chunk)),
          (error) => this.destroy(error as Error), // whatever was thrown
        );
      };
      inARow += 1;
      // Node asks for the next chunk from within the push of the last one.
      if (inARow <= CHUNKS_PER_TURN) return start();
      inARow = 0;
      setImmediate(start);
    },
    stop() {
      stopped = true;
      running?.stop();
      source.dropRead();
    },
  };
}

type Done = (error?: Error | null) => void;
/** Node takes whatever was thrown. */
type Failed = (error: unknown) => void;
type WriteSide = {
  write(this: Writable, chunk: Uint8Array, encoding: string, done: Done): void;
  final(done: Done): void;
  stop(): void;
};

function writeSide(io: AsyncWrite): WriteSide {
  checkIo("toNodeWritable", io, "pollWrite");
  let running: Drive<void> | null = null;
  const run = (poll: (cx: Context) => Poll<void>, done: Done) => {
    running = new Drive(poll, () => done(), done as Failed);
  };
  return {
    write(chunk, _encoding, done) {
      const pour = new Pour(chunk);
      // Node has no flush: it is time for one when nothing else is queued.
      run((cx) => pour.poll(cx, io, this.writableLength <= chunk.length), done);
    },
    final(done) {
      run((cx) => io.pollShutdown(cx), done);
    },
    stop: () => running?.stop(),
  };
}

/** What happens when the stream is destroyed. */
function ending(io: object, ...sides: { stop(): void }[]) {
  return (error: Error | null, done: Done): void => {
    for (const side of sides) side.stop();
    dispose(io);
    done(error);
  };
}

/**
 * A stream of Node that reads from `io`, one chunk for each time it is asked. Destroying it disposes of `io`, where
 * that can be disposed of; an error of `io` destroys it.
 * @example
 * ```ts
 * import { text } from "node:stream/consumers";
 * const all = await text(toNodeReadable(cursor("hello")));
 * all; // => "hello"
 * ```
 * @throws {@link IoError} of kind `Unsupported` where there is no Node.
 * @public
 */
export function toNodeReadable(io: AsyncRead): Readable {
  const side = readSide(io);
  return new (nodeStream("a Node stream").Readable)({
    read: side.read,
    destroy: ending(io, side),
  });
}

/**
 * A stream of Node that writes to `io`, and flushes it whenever it has nothing queued. Ending it shuts `io` down;
 * destroying it disposes of `io`, where that can be disposed of; an error of `io` destroys it.
 * @throws {@link IoError} of kind `Unsupported` where there is no Node.
 * @public
 */
export function toNodeWritable(io: AsyncWrite): Writable {
  const side = writeSide(io);
  return new (nodeStream("a Node stream").Writable)({
    write: side.write,
    final: side.final,
    destroy: ending(io, side),
  });
}

/** @public */
export interface ToNodeDuplexOptions {
  /** Whether the stream is destroyed once both directions have ended, as Node's are by default. */
  readonly autoDestroy?: boolean;
}

/** Both of the above for a stream that goes both ways. @public */
export function toNodeDuplex(io: AsyncRead & AsyncWrite, options: ToNodeDuplexOptions = {}): Duplex {
  checkIo("toNodeDuplex", io, "pollRead", "pollWrite");
  const [read, write] = [readSide(io), writeSide(io)];
  return new (nodeStream("a Node stream").Duplex)({
    autoDestroy: options.autoDestroy ?? true,
    read: read.read,
    write: write.write,
    final: write.final,
    destroy: ending(io, read, write),
  });
}
