/** Streams without anything behind them. */
import type { Context, Poll } from "@rt/core";
import { checkInteger } from "@rt/core/driver";
import { BufRead } from "./buf-read.ts";
import { mixin } from "./internal/mixin.ts";
import { Reader } from "./reader.ts";
import { offsetOf, Seeker } from "./seeker.ts";
import type { AsyncWrite, SeekFrom } from "./traits.ts";
import { Writer } from "./writer.ts";

/** Takes everything that is written to it, and forgets it. @see Tokio `io::Sink` @public */
export class Sink extends Writer {
  override pollWrite(_cx: Context, buf: Uint8Array): Poll<number> {
    return buf.length;
  }
  override pollFlush(): Poll<void> {}
  override pollShutdown(): Poll<void> {}
  override isWriteVectored(): boolean {
    return true;
  }
  override pollWriteVectored(_cx: Context, bufs: readonly Uint8Array[]): Poll<number> {
    return bufs.reduce((total, buf) => total + buf.length, 0);
  }
}

/** A writer that takes everything. @see Tokio `io::sink` @public */
export function sink(): Sink {
  return new Sink();
}

// oxlint-disable-next-line typescript/no-unsafe-declaration-merging
export interface Empty extends Writer, Seeker {}

/** Is at its end from the start, and forgets what is written to it. @see Tokio `io::Empty` @public */
// oxlint-disable-next-line typescript/no-unsafe-declaration-merging
export class Empty extends BufRead implements AsyncWrite {
  /** @internal */
  override _pollFill(): Poll<number> {
    return 0;
  }
  /** @internal */
  override _pollMore(): Poll<number> {
    return 0;
  }
  startSeek(position: SeekFrom): void {
    offsetOf(position);
  }
  pollComplete(): Poll<number> {
    return 0;
  }
}
mixin(Empty, Sink);
mixin(Empty, Writer);
mixin(Empty, Seeker);

/** A stream that has nothing and keeps nothing. @see Tokio `io::empty` @public */
export function empty(): Empty {
  return new Empty();
}

/** Gives one byte forever. @see Tokio `io::Repeat` @public */
export class Repeat extends Reader {
  readonly #byte: number;
  /** @internal */
  constructor(byte: number) {
    super();
    this.#byte = byte;
  }
  override pollRead(_cx: Context, buf: Uint8Array): Poll<number> {
    buf.fill(this.#byte);
    return buf.length;
  }
}

/**
 * A reader that gives `byte` over and over, and never ends.
 * @example
 * ```ts
 * const line = yield* repeat(0x2d).take(3).readToString();
 * line; // => "---"
 * ```
 * @see Tokio `io::repeat`
 * @public
 */
export function repeat(byte: number): Repeat {
  checkInteger("byte", byte, 0, 255);
  return new Repeat(byte);
}
