/** A place where tasks wait for each other. */
import { Future, PENDING, type Context, type Poll } from "@rt/core";
import { checkInteger, madeProgress, pollProceed } from "@rt/core/driver";
import { MAX_PERMITS } from "./internal/permits.ts";
import { WaitList, type Place, type Waiter } from "./internal/wait-list.ts";

/**
 * Lets tasks go on together, once so many have come. Then it starts over.
 *
 * @example
 * ```ts
 * import { type Async, JoinSet } from "@rt/core";
 * const barrier = new Barrier(3);
 * function* part(): Async<boolean> {
 *   return (yield* barrier.wait()).isLeader();
 * }
 * const leaders = yield* JoinSet.from([part(), part(), part()]).joinAll();
 * leaders.filter(Boolean).length; // => 1
 * ```
 * @see Tokio `sync::Barrier`
 * @public
 */
export class Barrier {
  /** @internal */
  readonly _size: number;
  /** How many of this round have come. @internal */
  _arrived = 0;
  /** @internal */
  _round = 0;
  /** @internal */
  readonly _line: WaitList<BarrierWait> = new WaitList();

  /** @param size - how many tasks have to come: 0 to 2³⁰ − 1; 0 counts as 1. */
  constructor(size: number) {
    checkInteger("size", size, 0, MAX_PERMITS);
    this._size = size;
  }

  /**
   * Waits until as many tasks wait as the barrier is made for. The one that comes last is the leader of the round.
   *
   * Cancel safety: none. Whoever has come counts, even if the wait is dropped then.
   */
  wait(): Future<BarrierWaitResult> {
    return new BarrierWait(this);
  }
}

/** What {@link Barrier.wait} gives. @see Tokio `sync::BarrierWaitResult` @public */
export class BarrierWaitResult {
  readonly #isLeader: boolean;

  /** @internal */
  constructor(isLeader: boolean) {
    this.#isLeader = isLeader;
  }

  /** True for exactly one task of each round: the one that came last. */
  isLeader(): boolean {
    return this.#isLeader;
  }
}

/** `_state` bit: has come, and counts. */
const ARRIVED = 1;

class BarrierWait extends Future<BarrierWaitResult> implements Waiter<BarrierWait> {
  declare readonly _barrier: Barrier;
  _round = 0;
  _place: Place<BarrierWait> | null = null;

  constructor(barrier: Barrier) {
    super();
    this._barrier = barrier;
  }

  override poll(cx: Context): Poll<BarrierWaitResult> {
    if (!pollProceed(cx)) return PENDING;
    const barrier = this._barrier;
    let isLeader = false;
    if ((this._state & ARRIVED) === 0) {
      this._state |= ARRIVED;
      this._round = barrier._round;
      barrier._arrived += 1;
      isLeader = barrier._arrived >= barrier._size;
    }
    if (!isLeader && this._round === barrier._round) {
      barrier._line.join(this, cx.waker);
      return PENDING;
    }
    this.drop();
    madeProgress();
    if (isLeader) {
      barrier._arrived = 0;
      barrier._round = (barrier._round + 1) | 0;
      barrier._line.wakeAll();
    }
    return new BarrierWaitResult(isLeader);
  }

  override drop(): void {
    this._barrier._line.remove(this);
  }

  override describe(): string {
    return `a Barrier: ${this._barrier._arrived} of ${this._barrier._size} have come`;
  }
}
