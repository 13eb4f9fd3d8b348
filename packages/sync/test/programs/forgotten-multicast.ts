/** Leaves each kind of end to garbage collection once, and prints what has become of the channels. */
import { broadcast, watch } from "@rt/sync";

const collect = (globalThis as unknown as { gc: () => void }).gc;

function forgetBroadcastReceiver(tx: broadcast.Sender<number>): void {
  tx.subscribe();
  tx.send(1);
}

function forgetBroadcastSender(): broadcast.Receiver<number> {
  return broadcast.channel<number>(4).rx;
}

function forgetWatchReceiver(tx: watch.Sender<number>): void {
  tx.subscribe();
}

function forgetWatchSender(): watch.Receiver<number> {
  return watch.channel(0).rx;
}

/** What is disposed as it should be is not reported. */
function disposeProperly(tx: broadcast.Sender<number>): number {
  const other = tx.clone();
  const rx = other.subscribe();
  other.drop();
  const left = rx.len();
  rx.drop(); // not by `using`: Node 22 does not know it yet
  return left;
}

const broadcastTx = new broadcast.Sender<number>(4);
const watchTx = new watch.Sender(0);
forgetBroadcastReceiver(broadcastTx);
forgetWatchReceiver(watchTx);
const broadcastRx = forgetBroadcastSender();
const watchRx = forgetWatchSender();
const proper = disposeProperly(broadcastTx);

function isWatchClosed(): boolean {
  try {
    watchRx.hasChanged();
    return false;
  } catch (error) {
    return error instanceof watch.RecvError;
  }
}

function isDone(): boolean {
  return broadcastTx.receiverCount() === 0 && broadcastRx.isClosed() && watchTx.isClosed() && isWatchClosed();
}

for (let i = 0; i < 100 && !isDone(); i += 1) {
  await new Promise((resolve) => setTimeout(resolve, 5));
  collect();
}
console.log(
  JSON.stringify({
    broadcastReceivers: broadcastTx.receiverCount(),
    unseen: broadcastTx.len(),
    isBroadcastClosed: broadcastRx.isClosed(),
    watchReceivers: watchTx.receiverCount(),
    isWatchClosed: isWatchClosed(),
    proper,
  }),
);
for (const end of [broadcastTx, broadcastRx, watchTx, watchRx]) end[Symbol.dispose]();
