/** Streams of the web, both ways. */
import { PENDING, type Context, type Poll } from "@rt/core";
import { ChunkReader } from "./buf-read.ts";
import { brokenPipe, IoError } from "./errors.ts";
import { copyOf, LARGEST_WRITE, READ_SIZE, toBytes } from "./internal/bytes.ts";
import { checkIo } from "./internal/check-io.ts";
import { dispose } from "./internal/dispose.ts";
import { Polls, Pour, Waiting } from "./internal/drive.ts";
import { reader } from "./reader.ts";
import type { AsyncRead, AsyncWrite } from "./traits.ts";
import { Writer } from "./writer.ts";

/**
 * Reads from a stream of the web, see {@link fromReadableStream}.
 * @public
 */
export class WebReader extends ChunkReader implements Disposable {
  readonly #stream: ReadableStream<Uint8Array>;
  #reader: ReadableStreamDefaultReader<Uint8Array> | null = null;
  readonly #waiting: Waiting = new Waiting();
  #state: "idle" | "reading" | "ended" = "idle";
  #chunk: Uint8Array | null = null;
  #failure: IoError | null = null;

  /** @internal */
  constructor(stream: ReadableStream<Uint8Array>) {
    super();
    this.#stream = stream;
  }

  override pollNextChunk(cx: Context): Poll<Uint8Array | undefined> {
    const chunk = this.#chunk;
    if (chunk !== null) {
      this.#chunk = null;
      return chunk;
    }
    if (this.#failure !== null) throw this.#failure;
    if (this.#state === "ended") return undefined;
    // A read that was given up goes on: what it brings is for the next one.
    if (this.#state === "idle") this.#read();
    return this.#waiting.wait(cx);
  }

  /** Cancels the stream. */
  [Symbol.dispose](): void {
    if (this.#state === "ended" || this.#failure !== null) return;
    this.#reader ??= this.#stream.getReader();
    const cancelled = this.#reader.cancel();
    cancelled.catch(() => {}); // it is given up either way
    this.#settle(new IoError("UnexpectedEof", "Cannot read: this reader was disposed"));
  }

  #read(): void {
    this.#reader ??= this.#stream.getReader();
    this.#state = "reading";
    this.#reader.read().then(
      ({ done, value }) => {
        if (this.#failure !== null) return;
        this.#state = "idle";
        if (done) return this.#settle(null);
        try {
          this.#chunk = toBytes(value);
        } catch (error) {
          return this.#settle(IoError.from(error));
        }
        this.#waiting.wake();
      },
      (error: unknown) => this.#settle(IoError.from(error)),
    );
  }

  #settle(failure: IoError | null): void {
    if (this.#failure !== null || this.#state === "ended") return;
    if (failure === null) this.#state = "ended";
    else this.#failure = failure;
    this.#reader?.releaseLock();
    this.#waiting.wake();
  }
}

/**
 * Reads from a stream of the web, one chunk at a time and only when asked; the chunks are given away as they are. Its
 * error is thrown as an {@link IoError} with the original as its `cause`.
 *
 * It locks the stream from the first read until the end, an error, or its disposal, which cancels the stream.
 *
 * Cancel safety: giving up a read loses nothing.
 * @example
 * ```ts
 * const body = new Response("hello").body;
 * const text = yield* fromReadableStream(body as ReadableStream<Uint8Array>).readToString();
 * text; // => "hello"
 * ```
 * @public
 */
export function fromReadableStream(stream: ReadableStream<Uint8Array>): WebReader {
  return new WebReader(stream);
}

/**
 * Writes to a stream of the web, see {@link fromWritableStream}.
 * @public
 */
export class WebWriter extends Writer implements Disposable {
  readonly #stream: WritableStream<Uint8Array>;
  #writer: WritableStreamDefaultWriter<Uint8Array> | null = null;
  readonly #waiting: Waiting = new Waiting();
  #writes = 0;
  #watching = false;
  #shutdown: "no" | "asked" | "done" = "no";
  #failure: IoError | null = null;

  /** @internal */
  constructor(stream: WritableStream<Uint8Array>) {
    super();
    this.#stream = stream;
  }

  override pollWrite(cx: Context, buf: Uint8Array): Poll<number> {
    return this.#poll(cx, buf, false);
  }

  override pollWriteChunk(cx: Context, chunk: Uint8Array): Poll<number> {
    // Who takes it may transfer its buffer, so it must be all there is in there.
    return this.#poll(cx, chunk, chunk.length === chunk.buffer.byteLength && chunk.length <= LARGEST_WRITE);
  }

  #poll(cx: Context, buf: Uint8Array, given: boolean): Poll<number> {
    const writer = this.#open();
    if (this.#shutdown !== "no") throw brokenPipe("this writer was shut down");
    if (buf.length === 0) return 0;
    if ((writer.desiredSize ?? 1) <= 0) {
      if (!this.#watching) {
        this.#watching = true;
        writer.ready.then(
          () => {
            this.#watching = false;
            this.#waiting.wake();
          },
          (error: unknown) => this.#fail(error),
        );
      }
      return this.#waiting.wait(cx);
    }
    this.#writes += 1;
    // The stream keeps it, so it gets bytes of its own.
    const bytes = given ? buf : copyOf(buf, 0, Math.min(buf.length, LARGEST_WRITE));
    writer.write(bytes).then(
      () => {
        this.#writes -= 1;
        this.#waiting.wake();
      },
      (error: unknown) => this.#fail(error),
    );
    return bytes.length;
  }

  override pollFlush(cx: Context): Poll<void> {
    this.#open();
    if (this.#writes > 0) return this.#waiting.wait(cx);
  }

  override pollShutdown(cx: Context): Poll<void> {
    if (this.#shutdown === "done") return;
    const writer = this.#open();
    if (this.#shutdown === "no") {
      this.#shutdown = "asked";
      writer.close().then(
        () => {
          this.#shutdown = "done";
          writer.releaseLock();
          this.#waiting.wake();
        },
        (error: unknown) => this.#fail(error),
      );
    }
    return this.#waiting.wait(cx);
  }

  /** Aborts the stream, unless it was shut down. */
  [Symbol.dispose](): void {
    if (this.#failure !== null || this.#shutdown === "done") return;
    this.#writer ??= this.#stream.getWriter();
    const aborted = this.#writer.abort();
    aborted.catch(() => {}); // it is given up either way
    this.#fail(brokenPipe("this writer was disposed"));
  }

  #open(): WritableStreamDefaultWriter<Uint8Array> {
    if (this.#failure !== null) throw this.#failure;
    if (this.#writer === null) {
      this.#writer = this.#stream.getWriter();
      this.#writer.closed.catch((error: unknown) => this.#fail(error));
      this.#writer.ready.catch(() => {}); // told by `closed`
    }
    return this.#writer;
  }

  #fail(error: unknown): void {
    if (this.#failure !== null || this.#shutdown === "done") return;
    this.#failure = IoError.from(error);
    this.#writer?.releaseLock();
    this.#waiting.wake();
  }
}

/**
 * Writes to a stream of the web. A write waits while the stream wants no more; a flush waits until it has taken in
 * every chunk; a shutdown closes it.
 *
 * It locks the stream from the first write until the shutdown, an error, or its disposal, which aborts the stream.
 *
 * Cancel safety: giving up loses nothing: what was taken is written.
 * @public
 */
export function fromWritableStream(stream: WritableStream<Uint8Array>): WebWriter {
  return new WebWriter(stream);
}

/**
 * A stream of the web that reads from `io`, one chunk for each time it is asked. Cancelling it disposes of `io`, where
 * that can be disposed of; an error of `io` is its error.
 * @example
 * ```ts
 * const text = await new Response(toReadableStream(cursor("hello"))).text();
 * text; // => "hello"
 * ```
 * @public
 */
export function toReadableStream(io: AsyncRead): ReadableStream<Uint8Array> {
  const source = reader(io);
  const polls = new Polls();
  return new ReadableStream<Uint8Array>(
    {
      pull: (controller) =>
        polls.start((cx): Poll<void> => {
          const chunk = source.pollReadChunk(cx, READ_SIZE);
          if (chunk === PENDING) return PENDING;
          // In the same poll: the stream may be cancelled in the next microtask, and what was taken would be lost.
          if (chunk === undefined) controller.close();
          else controller.enqueue(chunk);
        }),
      cancel(reason) {
        polls.stop(reason);
        source.dropRead();
        dispose(io);
      },
    },
    { highWaterMark: 0 },
  );
}

/**
 * A stream of the web that writes to `io`, and flushes it after each chunk. Closing it shuts `io` down; aborting it
 * disposes of `io`, where that can be disposed of; an error of `io` is its error.
 * @public
 */
export function toWritableStream(io: AsyncWrite): WritableStream<Uint8Array> {
  checkIo("toWritableStream", io, "pollWrite");
  const polls = new Polls();
  return new WritableStream<Uint8Array>({
    start(controller) {
      // It is there; only Node's types don't know it.
      const { signal } = controller as unknown as { signal: AbortSignal };
      // `abort` below is not called before what is under way has come to an end.
      signal.addEventListener("abort", () => polls.stop(signal.reason), { once: true });
    },
    write(chunk) {
      const pour = new Pour(toBytes(chunk));
      return polls.start((cx) => pour.poll(cx, io, true));
    },
    close: () => polls.start((cx) => io.pollShutdown(cx)),
    abort: () => dispose(io),
  });
}
