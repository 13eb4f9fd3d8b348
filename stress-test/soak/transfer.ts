/** What one connection sends and must get back: bytes that say where in the stream they belong. */

/** Prime, so that a lost or doubled piece of any usual size shows. */
const PERIOD = 251;
const LARGEST = 256 * 1024;
const PATTERN = Buffer.from(Array.from({ length: PERIOD + LARGEST }, (_, index) => index % PERIOD));

/** The stream came back changed. */
class CorruptionError extends Error {
  override readonly name = "CorruptionError";
}

export class Transfer {
  sent = 0;
  received = 0;

  /** The next bytes to send, at most {@link LARGEST}. Shared by all: not to be written to. */
  next(size: number): Uint8Array {
    const start = this.sent % PERIOD;
    const bytes = PATTERN.subarray(start, start + Math.min(size, LARGEST));
    this.sent += bytes.length;
    return bytes;
  }

  /** @throws CorruptionError when that is not what comes next. */
  take(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += LARGEST) {
      const piece = bytes.subarray(at, at + LARGEST);
      const start = this.received % PERIOD;
      if (Buffer.compare(PATTERN.subarray(start, start + piece.length), piece) !== 0)
        throw new CorruptionError(`Bytes ${this.received} and on are not those that were sent`);
      this.received += piece.length;
    }
  }

  /** @throws CorruptionError when something is missing at the end of the stream. */
  finish(): void {
    if (this.received !== this.sent)
      throw new CorruptionError(`${this.sent} bytes were sent, ${this.received} came back before the end`);
  }
}
