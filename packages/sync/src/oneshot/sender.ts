/** The sending end of a oneshot channel, and making one. */
import { type Context, type Future, type Poll } from "@rt/core";
import { closedProperly, debug, watchForgotten } from "@rt/core/driver";
import { disposed } from "../internal/disposed.ts";
import { UntilClosed } from "../internal/until-closed.ts";
import { SendError } from "./errors.ts";
import { Receiver } from "./receiver.ts";

/**
 * Makes a channel for one value.
 *
 * @example A request that carries the way back
 * ```ts
 * import { spawn, type Async } from "@rt/core";
 *
 * function* answer(question: string, reply: oneshot.Sender<number>): Async<void> {
 *   reply.send(question.length);
 * }
 *
 * const { tx, rx } = oneshot.channel<number>();
 * spawn(answer("how long?", tx));
 * yield* rx; // => 9
 * ```
 * @see Tokio `oneshot::channel`
 * @public
 */
export function channel<T>(): { readonly tx: Sender<T>; readonly rx: Receiver<T> } {
  const rx = new Receiver<T>();
  const tx = new Sender(rx);
  if (debug) watchForgotten(tx, "a oneshot Sender", () => rx._senderGone(), channel);
  return { tx, rx };
}

/**
 * Sends the one value of a oneshot channel, at once. Disposed before that, it tells the receiver that none will come.
 * @see Tokio `oneshot::Sender`
 * @public
 */
export class Sender<T> implements Disposable {
  /** @internal Null once it has sent or was disposed. */
  _rx: Receiver<T> | null;
  /** @internal The wait behind `pollClosed`. */
  _polled: UntilClosed | null = null;

  /** @internal */
  constructor(rx: Receiver<T>) {
    this._rx = rx;
  }

  /**
   * Sends `value`. The sender is used up by it.
   *
   * @throws {@link SendError} with the value when the receiver is closed or gone.
   * @throws UsageError (`ERR_RT_DISPOSED`) when it has sent before, or was disposed.
   * @see Tokio `oneshot::Sender::send`
   */
  send(value: T): void {
    if (!this._end()._send(value)) throw new SendError(value);
  }

  /**
   * Waits until the receiver is closed or gone. From then on it is ready at once, as long as this sender is good.
   *
   * Cancel safety: dropping it loses nothing.
   * @example Stop working on what nobody waits for
   * ```ts
   * const { tx, rx } = oneshot.channel<number>();
   * rx.close();
   * yield* tx.closed();
   * tx.isClosed(); // => true
   * ```
   * @see Tokio `oneshot::Sender::closed`
   */
  closed(): Future<void> {
    return new UntilClosed(this._live());
  }

  /** One step of {@link Sender.closed}, for futures of one's own. Only the last waker given is woken. */
  pollClosed(cx: Context): Poll<void> {
    return (this._polled ??= new UntilClosed(this._live())).poll(cx);
  }

  /** Whether the receiver is closed or gone. */
  isClosed(): boolean {
    return this._live().isClosed();
  }

  /** Tells the receiver that no value will come, unless one was sent. */
  [Symbol.dispose](): void {
    if (this._rx !== null) this._end()._senderGone();
  }

  /** @internal */
  _live(): Receiver<T> {
    if (this._rx === null)
      throw disposed("a oneshot Sender", "it has sent, or was disposed; make a channel for each value");
    return this._rx;
  }

  /** Gives the receiver up. */
  _end(): Receiver<T> {
    const rx = this._live();
    this._rx = null;
    if (debug) closedProperly(this);
    return rx;
  }
}
