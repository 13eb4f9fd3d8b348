/** Everything one can do with a position. */
import { Future, PENDING, type Context, type Poll } from "@rt/core";
import { classOf, madeProgress, pollProceed, rangeError, show, typeError } from "@rt/core/driver";
import type { AsyncSeek, SeekFrom } from "./traits.ts";

/**
 * What has a position that can be moved, with every method for it.
 * @see Tokio `io::AsyncSeekExt`
 * @public
 */
export abstract class Seeker implements AsyncSeek {
  /** Begins to move, see {@link AsyncSeek.startSeek}. */
  abstract startSeek(position: SeekFrom): void;
  /** One step of {@link Seeker.seek}. */
  abstract pollComplete(cx: Context): Poll<number>;

  /**
   * Moves to `position` and gives where that is, from the start. Waits for an earlier seek first.
   *
   * Cancel safety: giving up once it has begun to move leaves it to move on.
   * @throws {@link IoError} of kind `InvalidInput` for a position before the start.
   * @see Tokio `AsyncSeekExt::seek`
   */
  seek(position: SeekFrom): Future<number> {
    offsetOf(position);
    return new Seek(this, position);
  }

  /** Moves to the start. @see Tokio `AsyncSeekExt::rewind` */
  rewind(): Future<void> {
    return new Rewind(this);
  }

  /** The current position. @see Tokio `AsyncSeekExt::stream_position` */
  streamPosition(): Future<number> {
    return new Seek(this, { current: 0 });
  }
}

/** The offset of a position, checked. */
export function offsetOf(position: SeekFrom): number {
  // Whatever else the object has, one of these is what it says.
  const { start, end, current } = position as { start?: number; end?: number; current?: number };
  const offset = start ?? end ?? current;
  if (typeof offset !== "number")
    throw typeError(`A position is { start }, { end } or { current } with a number, not ${show(position)}`);
  if (!Number.isSafeInteger(offset) || (start !== undefined && offset < 0))
    throw rangeError(`A position must be an integer, and start 0 or more, not ${show(offset)}`);
  return offset;
}

class Seek extends Future<number> {
  readonly #io: AsyncSeek;
  readonly #position: SeekFrom;
  #started = false;
  constructor(io: AsyncSeek, position: SeekFrom) {
    super();
    this.#io = io;
    this.#position = position;
  }
  override poll(cx: Context): Poll<number> {
    if (!pollProceed(cx)) return PENDING;
    if (!this.#started) {
      if (this.#io.pollComplete(cx) === PENDING) return PENDING;
      this.#io.startSeek(this.#position);
      this.#started = true;
    }
    const at = this.#io.pollComplete(cx);
    if (at !== PENDING) madeProgress();
    return at;
  }
  override describe(): string {
    return `a seek in a ${classOf(this.#io)}`;
  }
}

class Rewind extends Future<void> {
  readonly #seek: Seek;
  constructor(io: AsyncSeek) {
    super();
    this.#seek = new Seek(io, { start: 0 });
  }
  override poll(cx: Context): Poll<void> {
    return this.#seek.poll(cx) === PENDING ? PENDING : undefined;
  }
  override describe(): string {
    return this.#seek.describe();
  }
}
