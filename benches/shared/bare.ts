/**
 * The steps of a scheduler with next to nothing around them: generators in a ring, resumed one after the other, and things
 * to wait for that do their own work alone. No budget, no drop, no errors, no check of how they are used.
 *
 * It tells what of a case is V8's and what is ours. It is no proof that nobody could be faster: written otherwise, one of
 * these may take a few per cent less.
 */

const SLOTS = 4096;
const SUSPENDED: IteratorResult<never, never> = { done: false, value: undefined as never };
const OVER: IteratorResult<never, void> = { done: true, value: undefined };
/** The one for all generators: each has a prototype of its own. */
const resume = (Object.getPrototypeOf(function* () {}) as { prototype: Generator }).prototype.next;

/** A generator that is resumed when it is ready. */
class Fiber {
  readonly body: Steps<unknown>;
  constructor(body: Steps<unknown>) {
    this.body = body;
  }
}

export function start(body: Steps<unknown>): void {
  schedule(new Fiber(body));
}

/** What a generator of this kind may do: `yield*` something to wait for. */
export type Steps<T> = Generator<never, T, void>;

const ready = new Array<Fiber | null>(SLOTS).fill(null);
let head = 0;
let tail = 0;
let current: Fiber = null as never;

function schedule(fiber: Fiber): void {
  ready[tail & (SLOTS - 1)] = fiber;
  tail = (tail + 1) | 0;
}

/** Resumes what is ready until nothing is. */
export function run(): void {
  while (head !== tail) {
    const slot = head & (SLOTS - 1);
    current = ready[slot] as Fiber;
    ready[slot] = null;
    head = (head + 1) | 0;
    resume.call(current.body);
  }
}

/** Behind all that are ready. */
export class Turn {
  over = false;
  [Symbol.iterator](): Iterator<never, void, void> {
    return this;
  }
  next(): IteratorResult<never, void> {
    if (this.over) return OVER;
    this.over = true;
    schedule(current);
    return SUSPENDED;
  }
}

/** One value. */
export class Shot {
  value: number | undefined = undefined;
  waiter: Fiber | null = null;
  [Symbol.iterator](): Iterator<never, number, void> {
    return this;
  }
  send(value: number): void {
    this.value = value;
    if (this.waiter !== null) schedule(this.waiter);
  }
  next(): IteratorResult<never, number> {
    if (this.value !== undefined) return { done: true, value: this.value };
    this.waiter = current;
    return SUSPENDED;
  }
}

/** Values in a ring. */
export class Queue {
  readonly slots: (number | undefined)[] = new Array<number | undefined>(2 * SLOTS).fill(undefined);
  head = 0;
  tail = 0;
  waiter: Fiber | null = null;
  push(value: number): void {
    this.slots[this.tail & (2 * SLOTS - 1)] = value;
    this.tail = (this.tail + 1) | 0;
    const { waiter } = this;
    if (waiter === null) return;
    this.waiter = null;
    schedule(waiter);
  }
  shift(): number | undefined {
    const slot = this.head & (2 * SLOTS - 1);
    const value = this.slots[slot];
    if (value === undefined) return undefined;
    this.slots[slot] = undefined;
    this.head = (this.head + 1) | 0;
    return value;
  }
}

/** The next value of a queue. */
export class Next {
  readonly queue: Queue;
  constructor(queue: Queue) {
    this.queue = queue;
  }
  [Symbol.iterator](): Iterator<never, number, void> {
    return this;
  }
  poll(): number | undefined {
    return this.queue.shift();
  }
  wait(): void {
    this.queue.waiter = current;
  }
  next(): IteratorResult<never, number> {
    const value = this.poll();
    if (value !== undefined) return { done: true, value };
    this.wait();
    return SUSPENDED;
  }
}

let random = 1;

/** Whichever of two queues has something, beginning with either. */
export class Either {
  readonly a: Next;
  readonly b: Next;
  constructor(a: Next, b: Next) {
    this.a = a;
    this.b = b;
  }
  [Symbol.iterator](): Iterator<never, { branch: string; value: number }, void> {
    return this;
  }
  next(): IteratorResult<never, { branch: string; value: number }> {
    random ^= random << 13;
    random ^= random >>> 17;
    random ^= random << 5;
    const first = (random & 1) === 0;
    let value = (first ? this.a : this.b).poll();
    if (value !== undefined) return { done: true, value: { branch: first ? "a" : "b", value } };
    value = (first ? this.b : this.a).poll();
    if (value !== undefined) return { done: true, value: { branch: first ? "b" : "a", value } };
    this.a.wait();
    this.b.wait();
    return SUSPENDED;
  }
}

/** Both of two values. */
export class Both {
  readonly a: Shot;
  readonly b: Shot;
  constructor(a: Shot, b: Shot) {
    this.a = a;
    this.b = b;
  }
  [Symbol.iterator](): Iterator<never, [number, number], void> {
    return this;
  }
  next(): IteratorResult<never, [number, number]> {
    const { value: a } = this.a;
    const { value: b } = this.b;
    if (a !== undefined && b !== undefined) return { done: true, value: [a, b] };
    this.a.waiter = current;
    this.b.waiter = current;
    return SUSPENDED;
  }
}

/** A generator with a deadline, which is read from the clock and waited for by nobody. */
export class Limited<T> {
  readonly body: Steps<T>;
  readonly deadline: number;
  constructor(body: Steps<T>, ms: number) {
    this.body = body;
    this.deadline = performance.now() + ms;
  }
  [Symbol.iterator](): Iterator<never, T, void> {
    return this;
  }
  next(): IteratorResult<never, T> {
    return resume.call(this.body) as IteratorResult<never, T>;
  }
}

/** `size` permits; those who wait are served in turn. */
export class Permits {
  free: number;
  readonly line: (Claim | null)[] = new Array<Claim | null>(64).fill(null);
  head = 0;
  tail = 0;
  constructor(size: number) {
    this.free = size;
  }
  release(count: number): void {
    this.free += count;
    while (this.head !== this.tail) {
      const slot = this.head & 63;
      const claim = this.line[slot] as Claim;
      if (claim.count > this.free) return;
      this.free -= claim.count;
      this.line[slot] = null;
      this.head = (this.head + 1) | 0;
      claim.granted = true;
      schedule(claim.fiber);
    }
  }
}

/** Some of them. */
export class Claim {
  readonly permits: Permits;
  readonly count: number;
  granted = false;
  fiber: Fiber = current;
  constructor(permits: Permits, count: number) {
    this.permits = permits;
    this.count = count;
  }
  [Symbol.iterator](): Iterator<never, void, void> {
    return this;
  }
  next(): IteratorResult<never, void> {
    if (this.granted) return OVER;
    const { permits, count } = this;
    if (permits.head === permits.tail && permits.free >= count) {
      permits.free -= count;
      return OVER;
    }
    permits.line[permits.tail & 63] = this;
    permits.tail = (permits.tail + 1) | 0;
    return SUSPENDED;
  }
}
