/**
 * Random programs over one broadcast channel, against a model that keeps every value ever sent and of each receiver
 * only how many it has gone past.
 */
import { PENDING, type Future } from "@rt/core";
import { broadcast } from "@rt/sync";
import { describe, expect, it } from "vitest";
import { Polled } from "./support/polling.ts";
import { outcome, pick, runPrograms, takeOut, type Step } from "./support/random-programs.ts";

const OPS = [
  "send",
  "send",
  "send",
  "sendMany",
  "subscribe",
  "resubscribe",
  "clone",
  "dropSender",
  "downgrade",
  "upgrade",
  "dropWeak",
  "dropReceiver",
  "tryRecv",
  "tryRecv",
  "recv",
  "recv",
  "recv",
  "drain",
  "dropRecv",
  "closed",
  "dropClosed",
] as const;
type Op = (typeof OPS)[number];

/** A wait that goes on, and whether it must have been woken. */
interface Wait {
  readonly polled: Polled<unknown>;
  mustWake: boolean;
}

interface ReceiverModel {
  readonly rx: broadcast.Receiver<number>;
  position: number;
  wait: Wait | null;
}

class World {
  readonly capacity: number;
  readonly senders: broadcast.Sender<number>[] = [];
  readonly weak: broadcast.WeakSender<number>[] = [];
  readonly receivers: ReceiverModel[] = [];
  readonly closed: Wait[] = [];
  /** The values are their own positions. */
  sent = 0;

  constructor(capacity: number) {
    this.capacity = 2 ** Math.ceil(Math.log2(capacity));
    const { tx, rx } = broadcast.channel<number>(capacity);
    this.senders.push(tx);
    this.add(rx);
  }

  add(rx: broadcast.Receiver<number>): void {
    this.receivers.push({ rx, position: this.sent, wait: null });
  }

  step({ op, which, argument }: Step<Op>): void {
    const tx = pick(this.senders, which);
    const weak = pick(this.weak, which);
    const receiver = pick(this.receivers, which);
    if (op === "send" && tx !== undefined) this.send(tx);
    if (op === "sendMany" && tx !== undefined) for (let i = 0; i < argument; i += 1) this.send(tx);
    if (op === "subscribe" && tx !== undefined) this.add(tx.subscribe());
    if (op === "resubscribe" && receiver !== undefined) this.add(receiver.rx.resubscribe());
    if (op === "clone" && tx !== undefined) this.senders.push(tx.clone());
    if (op === "dropSender" && tx !== undefined) this.dropSender(tx);
    if (op === "downgrade" && tx !== undefined) this.weak.push(tx.downgrade());
    if (op === "upgrade" && weak !== undefined) this.upgrade(weak);
    if (op === "dropWeak" && weak !== undefined) {
      weak[Symbol.dispose]();
      takeOut(this.weak, weak);
    }
    if (op === "dropReceiver" && receiver !== undefined) this.dropReceiver(receiver);
    if (op === "tryRecv" && receiver !== undefined) this.tryRecv(receiver);
    if (op === "drain" && receiver !== undefined) while (!receiver.rx.isEmpty()) this.tryRecv(receiver);
    if (op === "recv" && receiver !== undefined) this.recv(receiver);
    if (op === "dropRecv" && receiver !== undefined) {
      receiver.wait?.polled.drop();
      receiver.wait = null;
    }
    if (op === "closed" && tx !== undefined) this.pollClosed(tx, which);
    if (op === "dropClosed") {
      const wait = pick(this.closed, which);
      if (wait === undefined) return;
      wait.polled.drop();
      takeOut(this.closed, wait);
    }
  }

  send(tx: broadcast.Sender<number>): void {
    const count = this.receivers.length;
    expect(outcome(() => tx.send(this.sent))).toBe(count === 0 ? "ERR_RT_SEND_CLOSED" : count);
    if (count === 0) return;
    this.sent += 1;
    this.mustWakeReceivers();
  }

  mustWakeReceivers(): void {
    for (const { wait } of this.receivers) if (wait !== null) wait.mustWake = true;
  }

  dropSender(tx: broadcast.Sender<number>): void {
    tx[Symbol.dispose]();
    takeOut(this.senders, tx);
    if (this.senders.length === 0) this.mustWakeReceivers();
  }

  upgrade(weak: broadcast.WeakSender<number>): void {
    const strong = weak.upgrade();
    expect(strong === null).toBe(this.senders.length === 0);
    if (strong !== null) this.senders.push(strong);
  }

  dropReceiver(receiver: ReceiverModel): void {
    const { rx, wait } = receiver;
    rx[Symbol.dispose]();
    takeOut(this.receivers, receiver);
    if (wait !== null) {
      expect(wait.polled.isWoken).toBe(true);
      expect(outcome(() => wait.polled.poll())).toBe("ERR_RT_DISPOSED");
    }
    if (this.receivers.length === 0) for (const closed of this.closed) closed.mustWake = true;
  }

  /** What a receive must give now. */
  next(receiver: ReceiverModel): unknown {
    const oldest = this.sent - this.capacity;
    if (receiver.position < oldest) {
      const missed = oldest - receiver.position;
      receiver.position = oldest;
      return `ERR_RT_LAGGED ${missed}`;
    }
    if (receiver.position < this.sent) return receiver.position++;
    return this.senders.length === 0 ? undefined : PENDING;
  }

  tryRecv(receiver: ReceiverModel): void {
    const expected = this.next(receiver);
    expect(outcome(() => receiver.rx.tryRecv())).toBe(expected === PENDING ? undefined : expected);
  }

  recv(receiver: ReceiverModel): void {
    receiver.wait = this.poll(receiver.wait, () => receiver.rx.recv(), this.next(receiver));
  }

  pollClosed(tx: broadcast.Sender<number>, which: number): void {
    const old = which > 3 ? pick(this.closed, which) : undefined;
    if (old !== undefined) takeOut(this.closed, old);
    const expected = this.receivers.length === 0 ? undefined : PENDING;
    const wait = this.poll(old ?? null, () => tx.closed(), expected);
    if (wait !== null) this.closed.push(wait);
  }

  /** Polls a wait, begun before or now. Gives it where it goes on. */
  poll(wait: Wait | null, make: () => Future<unknown>, expected: unknown): Wait | null {
    const future = wait === null ? make() : wait.polled.future;
    const polled = new Polled(future); // another waker each time: only the last counts
    expect(outcome(() => polled.poll())).toBe(expected);
    return expected === PENDING ? { polled, mustWake: false } : null;
  }

  check(): void {
    const { capacity, closed, receivers, senders, sent, weak } = this;
    const slowest = Math.min(sent, ...receivers.map(({ position }) => position));
    for (const tx of senders.slice(0, 1)) {
      expect([tx.len(), tx.receiverCount(), tx.strongCount(), tx.weakCount()]).toEqual([
        Math.min(capacity, sent - slowest),
        receivers.length,
        senders.length,
        weak.length,
      ]);
    }
    for (const { position, rx } of receivers) {
      expect([rx.len(), rx.isClosed(), rx.isDisconnected()]).toEqual([
        sent - position,
        senders.length === 0,
        senders.length === 0 && sent === position,
      ]);
    }
    for (const wait of [...closed, ...receivers.map((one) => one.wait)])
      if (wait !== null) expect(wait.polled.cx.wakes).toBe(wait.mustWake ? 1 : 0);
  }
}

describe("random programs over a broadcast channel", () => {
  it.each([1, 3, 4, 64])("do what the model says, with a capacity of %i", (capacity) => {
    runPrograms(OPS, (program) => {
      const world = new World(capacity);
      for (const step of program) {
        world.step(step);
        world.check();
      }
    });
  });
});
