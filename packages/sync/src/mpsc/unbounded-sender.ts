/** The sending end of an unbounded channel. */
import { AnySender, type Weak } from "./any-sender.ts";
import { checkItem } from "./channel.ts";
import { SendError } from "./errors.ts";

/**
 * Sends into an unbounded channel, at once. Nothing but memory limits what piles up there: prefer a bounded channel
 * where the receiver may be slower.
 *
 * A handle: {@link UnboundedSender.clone} makes another. When the last one is disposed, the receiver gets what is left
 * and then `undefined`.
 * @see Tokio `mpsc::UnboundedSender`
 * @public
 */
export class UnboundedSender<T extends {} | null> extends AnySender<T> {
  /**
   * Sends `value`.
   *
   * @throws {@link SendError} with the value when the receiver is closed or gone; TypeError when `value` is `undefined`.
   * @see Tokio `mpsc::UnboundedSender::send`
   */
  send(value: T): void {
    checkItem(value);
    const channel = this._live();
    if (channel.shut) throw new SendError(value);
    channel.permits.free -= 1;
    channel.deliver(value);
  }
}

/** What {@link UnboundedSender.downgrade} gives. @see Tokio `mpsc::WeakUnboundedSender` @public */
export type WeakUnboundedSender<T extends {} | null> = Weak<T, UnboundedSender<T>>;
