/** Leaves each kind of end to garbage collection once, and prints what has become of the channels. */
import { PENDING, type Context, type Future } from "@rt/core";
import { mpsc, oneshot } from "@rt/sync";

const collect = (globalThis as unknown as { gc: () => void }).gc;
const nobody: Context = { waker: { wake() {} } };

function forgetSender(): mpsc.Receiver<number> {
  return mpsc.channel<number>(1).rx;
}

function forgetUnboundedSender(): mpsc.UnboundedReceiver<number> {
  return mpsc.unboundedChannel<number>().rx;
}

function forgetReceiver(): mpsc.Sender<number> {
  const { tx } = mpsc.channel<number>(1);
  tx.trySend(1);
  return tx;
}

function forgetOneshotSender(): oneshot.Receiver<number> {
  return oneshot.channel<number>().rx;
}

function forgetPermit(tx: mpsc.Sender<number>): void {
  tx.tryReserve();
}

/** Nobody holds the receiver but the future that waits with it. */
function waitWithReceiver(tx: mpsc.Sender<number>[]): Future<number | undefined> {
  const channel = mpsc.channel<number>(1);
  tx.push(channel.tx);
  const recv = channel.rx.recv();
  recv.poll(nobody);
  return recv;
}

/** What is used up or disposed as it should be is not reported. */
function endProperly(): void {
  const { tx, rx } = mpsc.channel<number>(1);
  tx.tryReserveOwned()?.send(1)[Symbol.dispose]();
  rx[Symbol.dispose]();
  const reply = oneshot.channel<number>();
  reply.tx.send(1);
}

const rx = forgetSender();
const unboundedRx = forgetUnboundedSender();
const tx = forgetReceiver();
const reply = forgetOneshotSender();
const waitedTx: mpsc.Sender<number>[] = [];
const waited = waitWithReceiver(waitedTx);
endProperly();
const reserved = mpsc.channel<number>(1);
forgetPermit(reserved.tx);

function replyFailed(): boolean {
  try {
    return reply.tryRecv() !== PENDING;
  } catch (error) {
    return error instanceof oneshot.RecvError;
  }
}

let failed = false;
function isDone(): boolean {
  return failed && rx.isClosed() && unboundedRx.isClosed() && tx.isClosed() && reserved.tx.capacity() === 1;
}

for (let i = 0; i < 100 && !isDone(); i += 1) {
  await new Promise((resolve) => setTimeout(resolve, 5));
  collect();
  failed ||= replyFailed();
}
waitedTx[0]?.trySend(7);
console.log(
  JSON.stringify({
    isSenderClosed: rx.isDisconnected(),
    isUnboundedSenderClosed: unboundedRx.isDisconnected(),
    isReceiverClosed: tx.isClosed(),
    isReplyRefused: failed,
    freePlaces: reserved.tx.capacity(),
    waited: waited.poll(nobody),
  }),
);
for (const end of [rx, unboundedRx, tx, ...waitedTx, reserved.tx, reserved.rx]) end[Symbol.dispose]();
