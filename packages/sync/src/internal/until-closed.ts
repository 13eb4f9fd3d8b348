/** The wait of a sender until its receiver is closed or gone. */
import { Future, PENDING, type Context, type Poll } from "@rt/core";
import { madeProgress, pollProceed } from "@rt/core/driver";
import type { Place, WaitList, Waiter } from "./wait-list.ts";

/** What can be waited for: it wakes all who wait as `isClosed()` becomes true. */
export interface Closing {
  isClosed(): boolean;
  untilClosed(): WaitList<UntilClosed>;
}

export class UntilClosed extends Future<void> implements Waiter<UntilClosed> {
  declare readonly _closing: Closing;
  _place: Place<UntilClosed> | null = null;

  constructor(closing: Closing) {
    super();
    this._closing = closing;
  }

  override poll(cx: Context): Poll<void> {
    if (!pollProceed(cx)) return PENDING;
    if (!this._closing.isClosed()) {
      this._closing.untilClosed().join(this, cx.waker);
      return PENDING;
    }
    this.drop(); // still in line when it is polled by a waker that was woken before it
    madeProgress();
  }

  override drop(): void {
    if (this._place !== null) this._closing.untilClosed().remove(this);
  }

  override describe(): string {
    return "the receiver to go or be closed (closed())";
  }
}
