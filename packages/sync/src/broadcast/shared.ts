/**
 * The ring behind a broadcast channel.
 *
 * Each value is stored once, with the number of receivers that have not had it. A position is how many were
 * sent before, so it never comes again.
 *
 * Invariants:
 *  1. A value from `oldest` to `sent - 1` has `unseen` above 0; all before `oldest` were seen by all or overwritten.
 *     For receivers take in order, so a value is never done with before those sent earlier.
 *  2. The ring holds every value from `oldest` on, but no more than the last `capacity`. It grows to that when somebody
 *     is that far behind.
 */
import { PENDING, type Poll } from "@rt/core";
import { checkInteger } from "@rt/core/driver";
import { Multicast, type Cursor } from "../internal/multicast.ts";
import { LaggedError, SendError } from "./errors.ts";

/** The largest power of two whose indices are small integers. */
const MAX_CAPACITY = 2 ** 30;
/** Arbitrary: most receivers keep up. */
const FIRST_SIZE = 16;

export class Shared<T> extends Multicast {
  /** A power of two. */
  readonly capacity: number;
  weakSenders = 0;
  oldest = 0;
  mask: number;
  values: (T | undefined)[];
  /** How many receivers have yet to take each value. */
  unseen: number[];

  constructor(capacity: number) {
    super();
    checkInteger("capacity", capacity, 1, MAX_CAPACITY);
    this.capacity = 2 ** (32 - Math.clz32(capacity - 1));
    const size = Math.min(this.capacity, FIRST_SIZE);
    this.mask = size - 1;
    this.values = new Array<T | undefined>(size).fill(undefined);
    this.unseen = new Array<number>(size).fill(0);
  }

  send(value: T): number {
    const { receivers, sent } = this;
    if (receivers === 0) throw new SendError(value);
    if (sent - this.oldest > this.mask && this.mask < this.capacity - 1) this.grow();
    const slot = sent & this.mask;
    this.values[slot] = value;
    this.unseen[slot] = receivers;
    this.sent = sent + 1;
    if (this.line.first !== null) this.line.wakeAll();
    return receivers;
  }

  /** Values that somebody has yet to take. */
  len(): number {
    return Math.min(this.capacity, this.sent - this.oldest);
  }

  /** What comes next for a receiver: PENDING when it is not there yet, undefined when nothing will come. */
  take(cursor: Cursor<Shared<T>>): Poll<T | undefined> {
    const { position } = cursor;
    const missed = this.sent - position - this.capacity;
    if (missed > 0) {
      cursor.position = position + missed;
      throw new LaggedError(missed);
    }
    if (position === this.sent) return this.senders === 0 ? undefined : PENDING;
    cursor.position = position + 1;
    const value = this.values[position & this.mask] as T; // by invariant 2
    this.seen(position);
    return value;
  }

  /** What a receiver has not taken it will not take. */
  forgo(cursor: Cursor<Shared<T>>): void {
    const { sent } = this;
    for (let at = Math.max(cursor.position, sent - this.capacity); at < sent; at += 1) this.seen(at);
    cursor.position = sent;
  }

  seen(position: number): void {
    const slot = position & this.mask;
    const left = (this.unseen[slot] as number) - 1;
    this.unseen[slot] = left;
    if (left > 0) return;
    this.values[slot] = undefined;
    this.oldest = position + 1;
  }

  grow(): void {
    const { values, unseen, mask, sent } = this;
    const size = (mask + 1) * 2;
    this.mask = size - 1;
    this.values = new Array<T | undefined>(size).fill(undefined);
    this.unseen = new Array<number>(size).fill(0);
    for (let at = sent - mask - 1; at < sent; at += 1) {
      this.values[at & this.mask] = values[at & mask];
      this.unseen[at & this.mask] = unseen[at & mask] as number;
    }
  }
}
