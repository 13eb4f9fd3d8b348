/** Bytes to be written piece by piece. */

/**
 * Bytes that are consumed from the front. {@link Cursor} is one.
 * @see Tokio `bytes::Buf`, as far as writing needs it
 * @public
 */
export interface Buf {
  /** How many bytes are left. */
  remaining(): number;
  /** The first of them, at least one while there is any. */
  chunk(): Uint8Array;
  /** Takes `count` bytes away. */
  advance(count: number): void;
  /** The bytes left as at most `max` pieces, from the front; for writers that take several at once. */
  chunks?(max: number): readonly Uint8Array[];
}
