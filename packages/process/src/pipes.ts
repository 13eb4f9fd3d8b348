/**
 * The ends of a child's standard streams that stay with us.
 *
 * None of their listeners holds the end itself, so that one that was left to garbage collection can be noticed.
 */
import type { Socket } from "node:net";
import { PENDING, UsageError, type Context, type Poll } from "@rt/core";
import { closedProperly, debug, watchForgotten } from "@rt/core/driver";
import {
  ChunkReader,
  fromNodeReadable,
  fromNodeWritable,
  IoError,
  Writer,
  type NodeReader,
  type NodeWriter,
} from "@rt/io";
import { pump } from "./internal/sys/node.ts";

function disposed(end: object): UsageError {
  return new UsageError(
    "ERR_RT_DISPOSED",
    `Cannot use a ${end.constructor.name}: it was disposed, or given to another command; keep it open, or pipe anew`,
  );
}

/** An error is told to whoever reads or writes; unheard, the event would end this process. */
function ignore(): void {}

/**
 * What a child writes to one of its standard streams. It ends when every process that has the stream has closed it.
 *
 * At most 64 KiB are read ahead; a child that writes more than that, and what the system keeps, waits until somebody
 * reads. What was written before the child ended stays there to be read. A read keeps this process alive while it
 * waits, until it has something or is given up.
 *
 * Disposing it closes our end: a child that goes on writing gets SIGPIPE, or, as Node's pipes are sockets, first the
 * error `ECONNRESET` when there was something that nobody had read.
 * @public
 */
export abstract class ChildOutput extends ChunkReader implements Disposable {
  readonly #stream: Socket;
  readonly #inner: NodeReader;
  #disposed = false;

  /** @internal */
  constructor(stream: Socket, above: unknown) {
    super();
    this.#stream = stream;
    this.#inner = fromNodeReadable(stream);
    stream.unref();
    // A stream that nobody listens to lets go of what it has when the child exits.
    stream.on("readable", () => stream.unref()).on("error", ignore);
    if (debug) watchForgotten(this, `a ${new.target.name}`, () => stream.destroy(), above);
  }

  /** One step of reading, see `ChunkReader` of `@rt/io`. */
  override pollNextChunk(cx: Context): Poll<Uint8Array | undefined> {
    if (this.#disposed) throw disposed(this);
    const chunk = this.#inner.pollNextChunk(cx);
    if (chunk === PENDING) this.#stream.ref();
    else if (chunk === undefined) closedProperly(this);
    return chunk;
  }

  /** Nobody waits any more: the pipe lets the process end. What arrives later is for the next read. */
  override dropRead(): void {
    if (this.#disposed) return;
    this.#stream.unref();
    this.#inner.dropRead();
  }

  /** Closes our end. What has not been read is lost. */
  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    closedProperly(this);
    this.consume(this.buffer().length);
    this.#inner[Symbol.dispose]();
  }

  /** What a child can be given as its standard input: the pipe itself as long as nothing was read of it. @internal */
  _toGive(): Socket | "pipe" {
    if (this.#disposed) throw disposed(this);
    const { readableLength, readableEnded, destroyed } = this.#stream;
    return readableLength + this.buffer().length > 0 || readableEnded || destroyed ? "pipe" : this.#stream;
  }

  /** The pipe was given away. Where `to` is there, what was read already has to be passed on as well. @internal */
  _given(to: Socket | null): void {
    if (to === null) {
      this[Symbol.dispose]();
      return;
    }
    this.#disposed = true;
    closedProperly(this);
    const ahead = this.buffer().slice();
    if (ahead.length > 0) to.write(ahead);
    this.consume(ahead.length);
    // With such a listener a stream does not flow.
    this.#stream.removeAllListeners("readable").ref();
    pump(this.#stream, to);
  }
}

/** The standard output of a child, see {@link ChildOutput}. @see Tokio `process::ChildStdout` @public */
export class ChildStdout extends ChildOutput {}

/** The standard error of a child, see {@link ChildOutput}. @see Tokio `process::ChildStderr` @public */
export class ChildStderr extends ChildOutput {}

/**
 * The standard input of a child.
 *
 * A write waits while 64 KiB or more are under way, and a flush until the system has taken everything. A child that
 * does not read any more makes writes throw an `IoError` of kind `BrokenPipe`.
 *
 * Disposing it gives the child the end of its input, behind what was written; {@link Child.wait} does so, too.
 * Cancel safety: giving up loses nothing: what was taken is written.
 * @see Tokio `process::ChildStdin`
 * @public
 */
export class ChildStdin extends Writer implements Disposable {
  readonly #stream: Socket;
  readonly #inner: NodeWriter;
  #disposed = false;

  /** @internal */
  constructor(stream: Socket, above: unknown) {
    super();
    this.#stream = stream;
    this.#inner = fromNodeWritable(stream);
    stream.on("error", ignore);
    if (debug) watchForgotten(this, "a ChildStdin", () => void stream.end(), above);
  }

  /** Takes bytes while less than 64 KiB are under way. It does not borrow them. */
  override pollWrite(cx: Context, buf: Uint8Array): Poll<number> {
    return this.#live().pollWrite(cx, buf);
  }

  /** Ready once the system has taken everything. */
  override pollFlush(cx: Context): Poll<void> {
    return this.#live().pollFlush(cx);
  }

  /** Gives the child the end of its input. */
  override pollShutdown(cx: Context): Poll<void> {
    closedProperly(this);
    return this.#live().pollShutdown(cx);
  }

  /** Gives the child the end of its input, once it has all that was written before. */
  [Symbol.dispose](): void {
    if (this.#disposed) return;
    this.#disposed = true;
    closedProperly(this);
    this.#stream.end();
  }

  /** What another child can be given as its output. @internal */
  _toGive(): Socket {
    this.#live();
    if (this.#stream.writableLength === 0) return this.#stream;
    throw new IoError(
      "WouldBlock",
      "Cannot give a ChildStdin away while bytes are under way; flush() it first",
    );
  }

  /** It was given away. @internal */
  _given(): void {
    this.#disposed = true;
    closedProperly(this);
    this.#stream.destroy();
  }

  #live(): NodeWriter {
    if (this.#disposed) throw disposed(this);
    return this.#inner;
  }
}
