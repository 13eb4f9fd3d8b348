/**
 * What an operation asks of the readers and writers it is given: as little as possible, so that any object can be one.
 *
 * All are primitives that are polled. They charge no budget: whoever polls them does, as every future of this package
 * does. Whoever polls by hand in a loop asks `pollProceed` of `@rt/core/driver` as well.
 *
 * One object has one reader and one writer at a time: of two tasks that wait in the same direction, only the waker of
 * the last poll counts.
 */
import type { Context, Poll } from "@rt/core";

/**
 * Bytes can be read from it.
 *
 * Extend {@link Reader} to get every method for reading; wrap a foreign object with {@link reader}.
 * @see Tokio `io::AsyncRead`
 * @public
 */
export interface AsyncRead {
  /**
   * Puts bytes at the start of `buf` and gives their number; 0 means the end, or that `buf` is empty. It may give
   * fewer than fit, and more after an end, where the source allows that.
   *
   * While it is pending, and when it throws, nothing was read and `buf` is as before. The reader does not keep `buf`:
   * the next poll may come with another one, or never.
   */
  pollRead(cx: Context, buf: Uint8Array): Poll<number>;
  /**
   * The copy-free way: gives the next bytes in an array that belongs to the caller from then on, at least 1 and at
   * most `max`; `undefined` at the end. For sources that have the bytes in arrays anyway. What is left of an array is
   * kept for the next read. The array may be a view of a larger buffer: its bytes are the caller's, to transfer the
   * buffer is not.
   */
  pollReadChunk?(cx: Context, max: number): Poll<Uint8Array | undefined>;
  /** False when `pollReadChunk` is there, but copies. True is assumed where the method is there and this is not. */
  isReadChunked?(): boolean;
  /**
   * Told that whoever waited for one of the above has given up. A source that keeps the process alive for a read, or
   * fetches something for it, stops that and loses nothing. It wakes the waker of the last poll: should somebody wait
   * all the same, they poll again. A wrapper passes it on; most others do not need it.
   */
  dropRead?(): void;
}

/**
 * Bytes can be written to it.
 *
 * Extend {@link Writer} to get every method for writing; wrap a foreign object with {@link writer}.
 * @see Tokio `io::AsyncWrite`
 * @public
 */
export interface AsyncWrite {
  /**
   * Takes bytes from the start of `buf` and gives their number, at least 1 unless `buf` is empty; 0 means that it
   * never takes any more.
   *
   * Whose `buf` is: once a number is given, the writer has those bytes and does not look at `buf` again. While it is
   * pending, one of two things holds, and the writer's documentation says which. Either it has taken nothing. Or it
   * has *borrowed* `buf`: it is writing from it, keeps it referenced, and the caller must not change the bytes. The
   * caller goes on by polling with the same bytes. One who gives up leaves the borrowed bytes to the writer, which
   * may write them; a later poll waits for that, and gives the number written if it comes with the same bytes (the
   * same buffer, offset and length, be it in another view), else it starts anew with its own.
   *
   * When it throws, nothing of `buf` was taken.
   */
  pollWrite(cx: Context, buf: Uint8Array): Poll<number>;
  /**
   * The copy-free way: as `pollWrite`, with bytes that belong to the writer from then on, as far as it has taken them.
   * Nobody changes them any more, so it may keep them for as long as it likes. For writers that would copy or borrow
   * else: it is how `copy` passes on the arrays of a source that gives them away, and how text and numbers come.
   */
  pollWriteChunk?(cx: Context, chunk: Uint8Array): Poll<number>;
  /** Makes sure that all that was taken has reached its destination. */
  pollFlush(cx: Context): Poll<void>;
  /** Flushes, and says that no more will be written. Asking again is ready at once. */
  pollShutdown(cx: Context): Poll<void>;
  /** As `pollWrite`, with the bytes of `bufs` one behind the other. */
  pollWriteVectored?(cx: Context, bufs: readonly Uint8Array[]): Poll<number>;
  /** True when `pollWriteVectored` takes more than the first of `bufs` in one step. */
  isWriteVectored?(): boolean;
}

/**
 * A reader that has its next bytes at hand, to be looked at before they are taken.
 * @see Tokio `io::AsyncBufRead`
 * @public
 */
export interface AsyncBufRead extends AsyncRead {
  /** Shows the bytes that are there, fetching some if there are none; empty at the end. They stay the reader's. */
  pollFillBuf(cx: Context): Poll<Uint8Array>;
  /** Takes `count` of the bytes shown. */
  consume(count: number): void;
}

/**
 * A position: from the start, from the end, or from where one is.
 * @see Tokio `io::SeekFrom`
 * @public
 */
export type SeekFrom = { readonly start: number } | { readonly end: number } | { readonly current: number };

/**
 * Has a position that can be moved.
 * @see Tokio `io::AsyncSeek`
 * @public
 */
export interface AsyncSeek {
  /** Begins to move. Not while an earlier seek is under way: see `pollComplete`. */
  startSeek(position: SeekFrom): void;
  /** Gives the position once the seek is over; without a seek, the current one. */
  pollComplete(cx: Context): Poll<number>;
}
