/** A value that is set once, and can be waited for. */
import { Future, PENDING, type Context, type Poll } from "@rt/core";
import { madeProgress, pollProceed } from "@rt/core/driver";
import { Cell, type CellWaiter } from "./internal/cell.ts";
import type { Place } from "./internal/wait-list.ts";

/**
 * A cell that somebody fills once, and any number of tasks wait for.
 *
 * @example
 * ```ts
 * import { spawn } from "@rt/core";
 * const port = new SetOnce<number>();
 * const handle = spawn(port.wait());
 * port.set(8080);
 * const found = yield* handle;
 * found; // => 8080
 * ```
 * @see Tokio `sync::SetOnce`
 * @public
 */
export class SetOnce<T> extends Cell<T> {
  /**
   * Waits for the value; it is there at once when it is set.
   *
   * Cancel safety: dropping it loses nothing.
   */
  wait(): Future<T> {
    return new Wait(this);
  }
}

class Wait<T> extends Future<T> implements CellWaiter {
  declare readonly _cell: SetOnce<T>;
  _place: Place<CellWaiter> | null = null;

  constructor(cell: SetOnce<T>) {
    super();
    this._cell = cell;
  }

  override poll(cx: Context): Poll<T> {
    if (!pollProceed(cx)) return PENDING;
    const cell = this._cell;
    if (!cell._isSet) {
      cell._line.join(this, cx.waker);
      return PENDING;
    }
    this.drop();
    madeProgress();
    return cell._value as T; // it is set
  }

  override drop(): void {
    this._cell._line.remove(this);
  }

  override describe(): string {
    return "a SetOnce to be set";
  }
}
