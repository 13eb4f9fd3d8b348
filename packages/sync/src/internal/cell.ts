/** What `OnceCell` and `SetOnce` share: a value that is set once, and those who wait for it. */
import type { Future } from "@rt/core";
import { SetError } from "../errors.ts";
import { WaitList, type Waiter } from "./wait-list.ts";

/** A future that waits for a cell. */
export interface CellWaiter extends Future<unknown>, Waiter<CellWaiter> {}

/** @public */
export abstract class Cell<T> {
  /** @internal */
  _isSet = false;
  /** @internal */
  _value: T | undefined = undefined;
  /** @internal */
  readonly _line: WaitList<CellWaiter> = new WaitList();

  constructor(...initial: [] | [value: T]) {
    if (initial.length > 0) this._fill(initial[0] as T);
  }

  /** Whether there is a value. */
  initialized(): boolean {
    return this._isSet;
  }

  /** The value, or `undefined` while there is none. */
  get(): T | undefined {
    return this._value;
  }

  /**
   * Sets the value and wakes everybody who waits for it.
   *
   * @throws {@link SetError} with the value when there is one already. Nothing is changed then.
   */
  set(value: T): void {
    if (this._isSet) throw new SetError("ERR_RT_ALREADY_INITIALIZED", value);
    this._fill(value);
  }

  /** @internal */
  _fill(value: T): void {
    this._isSet = true;
    this._value = value;
    this._line.wakeAll();
  }
}
