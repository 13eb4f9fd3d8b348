/** Something long-lived that many wait for, without anything of the test runner's. */
import { Future, PENDING, type Context, type Poll, type Waker } from "@rt/core";
import { madeProgress, pollProceed } from "@rt/core/driver";

/** Something long-lived that many wait for: items, and those who wait for one, in a list that they leave in O(1). */
export class Mailbox {
  items = 0;
  readonly waiting: Set<Waker> = new Set();

  put(): void {
    this.items += 1;
    this.wakeNext();
  }

  wakeNext(): void {
    const [first] = this.waiting;
    if (first === undefined) return;
    this.waiting.delete(first);
    first.wake();
  }

  take(): Future<number> {
    return new Take(this);
  }
}

class Take extends Future<number> implements Waker {
  readonly #box: Mailbox;
  #outer: Waker | null = null;
  constructor(box: Mailbox) {
    super();
    this.#box = box;
  }
  wake(): void {
    this.#outer?.wake();
  }
  override poll(cx: Context): Poll<number> {
    if (!pollProceed(cx)) return PENDING;
    if (this.#box.items > 0) {
      this.#box.items -= 1;
      this.#box.waiting.delete(this);
      madeProgress();
      return 1;
    }
    this.#outer = cx.waker;
    this.#box.waiting.add(this);
    return PENDING;
  }
  override drop(): void {
    this.#outer = null;
    this.#box.waiting.delete(this);
    // It may have been woken for an item: the next in line is to have that.
    if (this.#box.items > 0) this.#box.wakeNext();
  }
}
