/** One wait for one task. A handle may be waited for by many; each has its own node on the task's list. */
import { Future, PENDING, type Context, type Poll, type Waker } from "../future.ts";
import { charge, proceed } from "./budget.ts";
import { DONE, type Task } from "./task.ts";

export class Join<T> extends Future<T> {
  readonly _task: Task<T>;
  _waker: Waker | null = null;
  _previousJoin: Join<T> | null = null;
  _nextJoin: Join<T> | null = null;
  /** Stands for `poll` calls on the handle itself, which share one waker. */
  _isDirect = false;

  constructor(task: Task<T>) {
    super();
    this._task = task;
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
    if (this._waker !== null) this._unlink();
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

  /** Wakes this node and all behind it. The task has already let go of the list. */
  _wakeAll(): void {
    let node: Join<T> | null = this;
    while (node !== null) {
      const next: Join<T> | null = node._nextJoin;
      const waker = node._waker;
      node._waker = null;
      node._previousJoin = null;
      node._nextJoin = null;
      waker?.wake();
      node = next;
    }
  }
}
