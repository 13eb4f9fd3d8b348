/** Readiness: what one waits for, and what one is told. */
import { typeError } from "@rt/core/driver";
import { ERROR, PRIORITY, READABLE, READ_CLOSED, WRITABLE, WRITE_CLOSED } from "./internal/source.ts";

/**
 * What to wait for.
 * @see Tokio `io::Interest`
 * @public
 */
export class Interest {
  static readonly READABLE: Interest = new Interest(READABLE | READ_CLOSED);
  static readonly WRITABLE: Interest = new Interest(WRITABLE | WRITE_CLOSED);
  static readonly ERROR: Interest = new Interest(ERROR);
  /** Never comes: Node does not tell of out-of-band data. */
  static readonly PRIORITY: Interest = new Interest(PRIORITY | READ_CLOSED);
  /** @internal */
  readonly _bits: number;
  /** @internal */
  constructor(bits: number) {
    this._bits = bits;
  }
  isReadable(): boolean {
    return (this._bits & READABLE) !== 0;
  }
  isWritable(): boolean {
    return (this._bits & WRITABLE) !== 0;
  }
  isError(): boolean {
    return (this._bits & ERROR) !== 0;
  }
  isPriority(): boolean {
    return (this._bits & PRIORITY) !== 0;
  }
  /** Both. @see Tokio `Interest::add`, `BitOr` */
  add(other: Interest): Interest {
    return new Interest(this._bits | other._bits);
  }
  /** This without `other`; null when nothing remains. */
  remove(other: Interest): Interest | null {
    const named = other._bits & (READABLE | WRITABLE | ERROR | PRIORITY);
    const left = this._bits & ~named & (READABLE | WRITABLE | ERROR | PRIORITY);
    let bits = left;
    if ((left & (READABLE | PRIORITY)) !== 0) bits |= READ_CLOSED;
    if ((left & WRITABLE) !== 0) bits |= WRITE_CLOSED;
    return left === 0 ? null : new Interest(bits);
  }
}

/**
 * What may be done without waiting. It is a hint: by the time one acts on it, it may not hold any more.
 * @see Tokio `io::Ready`
 * @public
 */
export class Ready {
  static readonly EMPTY: Ready = new Ready(0);
  static readonly READABLE: Ready = new Ready(READABLE);
  static readonly WRITABLE: Ready = new Ready(WRITABLE);
  static readonly READ_CLOSED: Ready = new Ready(READ_CLOSED);
  static readonly WRITE_CLOSED: Ready = new Ready(WRITE_CLOSED);
  static readonly PRIORITY: Ready = new Ready(PRIORITY);
  static readonly ERROR: Ready = new Ready(ERROR);
  static readonly ALL: Ready = new Ready(READABLE | WRITABLE | READ_CLOSED | WRITE_CLOSED | PRIORITY | ERROR);
  /** @internal */
  readonly _bits: number;
  /** @internal */
  constructor(bits: number) {
    this._bits = bits;
  }
  isEmpty(): boolean {
    return this._bits === 0;
  }
  /** Also when the peer has closed that direction: a read is ready then, with its end. */
  isReadable(): boolean {
    return (this._bits & (READABLE | READ_CLOSED)) !== 0;
  }
  /** Also when that direction is closed: a write is ready then, with its error. */
  isWritable(): boolean {
    return (this._bits & (WRITABLE | WRITE_CLOSED)) !== 0;
  }
  isReadClosed(): boolean {
    return (this._bits & READ_CLOSED) !== 0;
  }
  isWriteClosed(): boolean {
    return (this._bits & WRITE_CLOSED) !== 0;
  }
  isPriority(): boolean {
    return (this._bits & PRIORITY) !== 0;
  }
  isError(): boolean {
    return (this._bits & ERROR) !== 0;
  }
  /** @see Tokio `BitOr` */
  or(other: Ready): Ready {
    return new Ready(this._bits | other._bits);
  }
  /** @see Tokio `BitAnd` */
  and(other: Ready): Ready {
    return new Ready(this._bits & other._bits);
  }
  /** @see Tokio `Sub` */
  without(other: Ready): Ready {
    return new Ready(this._bits & ~other._bits);
  }
  equals(other: Ready): boolean {
    return this._bits === other._bits;
  }
}

/** Throws unless `interest` is one. */
export function checkInterest(interest: Interest): void {
  if (typeof interest?.isReadable !== "function" || typeof interest.add !== "function")
    throw typeError("interest must be an Interest: Interest.READABLE, or several of them joined with add()");
}
