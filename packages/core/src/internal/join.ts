/** One wait for one task. A handle may be waited for by many; each has its own node on the task's list. */
import { Future, PENDING, type Context, type Poll, type Waker } from "../future.ts";
import { charge, proceed } from "./budget.ts";
import { DONE, FAILED, OBSERVED, type Task } from "./task.ts";

// Bits of `_state`.
/** The task ended while this waited. */
export const WOKEN = 0x1;
/** Stands for `poll` calls on the handle itself, which share one waker. */
export const DIRECT = 0x2;

export class Join<T> extends Future<T> {
  declare readonly _task: Task<T>;
  declare _waker: Waker | null;
  declare _previousJoin: Join<T> | null;
  declare _nextJoin: Join<T> | null;

  constructor(task: Task<T>) {
    super();
    this._task = task;
    this._waker = null;
    this._previousJoin = null;
    this._nextJoin = null;
  }

  poll(cx: Context): Poll<T> {
    const task = this._task;
    if ((task._state & DONE) !== 0) {
      if (!proceed(cx)) return PENDING;
      charge();
      return task._take();
    }
    if (this._waker === null) this._link();
    this._waker = cx.waker;
    return PENDING;
  }

  override drop(): void {
    const task = this._task;
    if (this._waker !== null) this._unlink();
    // Woken, and given up before it took the result: if that is an error, nobody may know of it.
    else if ((this._state & WOKEN) !== 0 && (task._state & (FAILED | OBSERVED)) === FAILED)
      task._scheduler.failed(task);
  }

  override describe(): string {
    return this._task._label();
  }

  /** Puts this node in front. The order of waking is not promised. */
  _link(): void {
    const first = this._task._joins;
    this._nextJoin = first;
    if (first !== null) first._previousJoin = this;
    this._task._joins = this;
  }

  _unlink(): void {
    const { _previousJoin: previous, _nextJoin: next } = this;
    if (previous !== null) previous._nextJoin = next;
    else if (this._task._joins === this) this._task._joins = next;
    if (next !== null) next._previousJoin = previous;
    this._waker = null;
    this._previousJoin = null;
    this._nextJoin = null;
  }
}
