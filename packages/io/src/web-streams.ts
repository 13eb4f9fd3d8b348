/** Streams of the web, both ways. */
import { PENDING, type Context, type Poll, type Waker } from "@rt/core";
import { show, typeError, wakeSafely } from "@rt/core/driver";
import { ChunkReader } from "./buf-read.ts";
import { brokenPipe, IoError } from "./errors.ts";
import { copyOf, encode, READ_SIZE } from "./internal/bytes.ts";
import { dispose, drive, Pour } from "./internal/drive.ts";
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
  #waker: Waker | null = null;
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
    this.#waker = cx.waker;
    // A read that was given up goes on: what it brings is for the next one.
    if (this.#state === "idle") this.#read();
    return PENDING;
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
        const bytes: unknown = typeof value === "string" ? encode(value) : value;
        if (!(bytes instanceof Uint8Array))
          return this.#settle(
            IoError.from(typeError(`A stream must give bytes or text, not ${show(value)}`)),
          );
        this.#chunk = bytes;
        this.#wake();
      },
      (error: unknown) => this.#settle(IoError.from(error)),
    );
  }

  #settle(failure: IoError | null): void {
    if (this.#failure !== null || this.#state === "ended") return;
    if (failure === null) this.#state = "ended";
    else this.#failure = failure;
    this.#reader?.releaseLock();
    this.#wake();
  }

  #wake(): void {
    const waker = this.#waker;
    this.#waker = null;
    if (waker !== null) wakeSafely(waker);
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
  #waker: Waker | null = null;
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
    const writer = this.#open();
    if (this.#shutdown !== "no") throw brokenPipe("this writer was shut down");
    if (buf.length === 0) return 0;
    if ((writer.desiredSize ?? 1) <= 0) {
      if (!this.#watching) {
        this.#watching = true;
        writer.ready.then(
          () => {
            this.#watching = false;
            this.#wake();
          },
          (error: unknown) => this.#fail(error),
        );
      }
      return this.#wait(cx);
    }
    this.#writes += 1;
    // The stream keeps it, so it gets bytes of its own.
    writer.write(copyOf(buf, 0, buf.length)).then(
      () => {
        this.#writes -= 1;
        this.#wake();
      },
      (error: unknown) => this.#fail(error),
    );
    return buf.length;
  }

  override pollFlush(cx: Context): Poll<void> {
    this.#open();
    if (this.#writes > 0) return this.#wait(cx);
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
          this.#wake();
        },
        (error: unknown) => this.#fail(error),
      );
    }
    return this.#wait(cx);
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

  #wait(cx: Context): typeof PENDING {
    this.#waker = cx.waker;
    return PENDING;
  }

  #fail(error: unknown): void {
    if (this.#failure !== null || this.#shutdown === "done") return;
    this.#failure = IoError.from(error);
    this.#writer?.releaseLock();
    this.#wake();
  }

  #wake(): void {
    const waker = this.#waker;
    this.#waker = null;
    if (waker !== null) wakeSafely(waker);
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
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const chunk = await drive((cx) => source.pollReadChunk(cx, READ_SIZE));
        if (chunk === undefined) controller.close();
        else controller.enqueue(chunk);
      },
      cancel: () => dispose(io),
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
  return new WritableStream<Uint8Array>({
    write(chunk) {
      const pour = new Pour(chunk);
      return drive((cx) => pour.poll(cx, io, true));
    },
    close: () => drive((cx) => io.pollShutdown(cx)),
    abort: () => dispose(io),
  });
}
