/** Making channels. */
import { checkInteger } from "@rt/core/driver";
import { MAX_PERMITS } from "../internal/permits.ts";
import { Channel } from "./channel.ts";
import { Receiver, UnboundedReceiver } from "./receiver.ts";
import { Sender } from "./sender.ts";
import { UnboundedSender } from "./unbounded-sender.ts";

/**
 * Makes a channel for many senders and one receiver that holds up to `capacity` values: sending waits while it is full.
 *
 * @param capacity - 1 to `Semaphore.MAX_PERMITS`. Memory is taken as values come.
 * @throws RangeError (`ERR_RT_OUT_OF_RANGE`) when `capacity` is out of range.
 * @example
 * ```ts
 * import { spawn, type Async } from "@rt/core";
 *
 * function* produce(tx: mpsc.Sender<number>): Async<void> {
 *   for (let n = 1; n <= 3; n += 1) yield* tx.send(n * n);
 *   tx[Symbol.dispose](); // the receiver sees the end
 * }
 *
 * const { tx, rx } = mpsc.channel<number>(1);
 * spawn(produce(tx));
 * const squares: number[] = [];
 * for await (const square of rx) squares.push(square);
 * squares; // => [1, 4, 9]
 * ```
 * @see Tokio `mpsc::channel`
 * @public
 */
export function channel<T extends {} | null>(
  capacity: number,
): { readonly tx: Sender<T>; readonly rx: Receiver<T> } {
  checkInteger("capacity", capacity, 1, MAX_PERMITS);
  const shared = new Channel<T>(capacity);
  return { tx: new Sender(shared, channel), rx: new Receiver(shared, channel) };
}

/**
 * Makes a channel for many senders and one receiver that holds whatever is sent.
 *
 * @example
 * ```ts
 * const { tx, rx } = mpsc.unboundedChannel<string>();
 * tx.send("a");
 * tx.send("b");
 * rx.len(); // => 2
 * ```
 * @see Tokio `mpsc::unbounded_channel`
 * @public
 */
export function unboundedChannel<T extends {} | null>(): {
  readonly tx: UnboundedSender<T>;
  readonly rx: UnboundedReceiver<T>;
} {
  const shared = new Channel<T>(MAX_PERMITS);
  return {
    tx: new UnboundedSender(shared, unboundedChannel),
    rx: new UnboundedReceiver(shared, unboundedChannel),
  };
}
