/** Random programs over one watch channel, against a model that counts changes. */
import { PENDING, type Future } from "@rt/core";
import { watch } from "@rt/sync";
import { describe, expect, it } from "vitest";
import { Polled } from "./support/polling.ts";
import { outcome, pick, runPrograms, takeOut, type Step } from "./support/random-programs.ts";

const OPS = [
  "send",
  "send",
  "sendReplace",
  "sendModify",
  "failingModify",
  "sendIfModified",
  "subscribe",
  "cloneReceiver",
  "cloneSender",
  "dropSender",
  "dropReceiver",
  "borrow",
  "borrowAndUpdate",
  "hasChanged",
  "markChanged",
  "markUnchanged",
  "changed",
  "changed",
  "changed",
  "waitFor",
  "waitFor",
  "dropWait",
  "closed",
] as const;
type Op = (typeof OPS)[number];

interface Wait {
  readonly polled: Polled<unknown>;
  mustWake: boolean;
}

interface ReceiverModel {
  readonly rx: watch.Receiver<number>;
  /** The change it has seen; -1 when it was told to take the value for new. */
  seen: number;
  wait: Wait | null;
  /** Where `wait` is a `waitFor`: what it waits for a multiple of, and the change it tested last. Else 0. */
  divisor: number;
  tested: number;
}

class World {
  readonly senders: watch.Sender<number>[] = [];
  readonly receivers: ReceiverModel[] = [];
  readonly closed: Wait[] = [];
  value = 1;
  changes = 0;

  constructor() {
    const { tx, rx } = watch.channel(this.value);
    this.senders.push(tx);
    this.add(rx, 0);
  }

  get isClosed(): boolean {
    return this.senders.length === 0;
  }

  add(rx: watch.Receiver<number>, seen: number): void {
    this.receivers.push({ rx, seen, wait: null, divisor: 0, tested: -1 });
  }

  step({ op, which, argument }: Step<Op>): void {
    const tx = pick(this.senders, which);
    const receiver = pick(this.receivers, which);
    if (tx !== undefined) this.stepSender(op, tx, argument, which);
    if (receiver !== undefined) this.stepReceiver(op, receiver, argument);
  }

  stepSender(op: Op, tx: watch.Sender<number>, value: number, which: number): void {
    if (op === "send") {
      const isRefused = this.receivers.length === 0;
      expect(outcome(() => tx.send(value))).toBe(isRefused ? "ERR_RT_SEND_CLOSED" : undefined);
      if (!isRefused) this.change(value);
    }
    if (op === "sendReplace") {
      expect(tx.sendReplace(value)).toBe(this.value);
      this.change(value);
    }
    if (op === "sendModify") {
      tx.sendModify((current) => {
        current.value += 1;
      });
      this.change(this.value + 1);
    }
    if (op === "failingModify") {
      expect(() =>
        tx.sendModify((current) => {
          current.value = value;
          throw new Error("half-way");
        }),
      ).toThrow("half-way");
      this.value = value;
    }
    if (op === "sendIfModified") {
      const isNews = value % 2 === 0;
      const told = tx.sendIfModified((current) => {
        current.value = value;
        return isNews;
      });
      expect(told).toBe(isNews);
      if (isNews) this.change(value);
      else this.value = value;
    }
    if (op === "subscribe") this.add(tx.subscribe(), this.changes);
    if (op === "cloneSender") this.senders.push(tx.clone());
    if (op === "dropSender") {
      tx[Symbol.dispose]();
      takeOut(this.senders, tx);
      if (this.isClosed) this.mustWakeReceivers();
    }
    if (op === "closed") {
      const old = which > 3 ? pick(this.closed, which) : undefined;
      if (old !== undefined) takeOut(this.closed, old);
      const expected = this.receivers.length === 0 ? undefined : PENDING;
      const wait = this.poll(old ?? null, () => tx.closed(), expected);
      if (wait !== null) this.closed.push(wait);
    }
  }

  stepReceiver(op: Op, receiver: ReceiverModel, argument: number): void {
    const { rx } = receiver;
    if (op === "cloneReceiver") this.add(rx.clone(), receiver.seen);
    if (op === "dropReceiver") this.dropReceiver(receiver);
    if (op === "borrow" || op === "borrowAndUpdate") {
      const ref = rx[op]();
      expect([ref.value, ref.hasChanged()]).toEqual([this.value, receiver.seen !== this.changes]);
      if (op === "borrowAndUpdate") receiver.seen = this.changes;
    }
    if (op === "hasChanged") {
      const expected = this.isClosed ? "ERR_RT_RECV_CLOSED" : receiver.seen !== this.changes;
      expect(outcome(() => rx.hasChanged())).toBe(expected);
    }
    if (op === "markChanged") {
      rx.markChanged();
      receiver.seen = -1;
    }
    if (op === "markUnchanged") {
      rx.markUnchanged();
      receiver.seen = this.changes;
    }
    if (op === "changed" || op === "waitFor") this.wait(receiver, op, argument);
    if (op === "dropWait") {
      receiver.wait?.polled.drop();
      receiver.wait = null;
    }
  }

  change(value: number): void {
    this.value = value;
    this.changes += 1;
    this.mustWakeReceivers();
  }

  mustWakeReceivers(): void {
    for (const { wait } of this.receivers) if (wait !== null) wait.mustWake = true;
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

  /** Polls the wait that goes on, whichever it is, or begins one. */
  wait(receiver: ReceiverModel, op: "changed" | "waitFor", argument: number): void {
    if (receiver.wait === null) {
      receiver.divisor = op === "waitFor" ? argument + 2 : 0;
      receiver.tested = -1;
    }
    const { divisor, rx, wait } = receiver;
    if (divisor === 0) {
      receiver.wait = this.poll(wait, () => rx.changed(), this.changed(receiver));
    } else {
      const make = () => rx.waitFor((value) => value % divisor === 0);
      receiver.wait = this.poll(wait, make, this.waitedFor(receiver));
    }
  }

  changed(receiver: ReceiverModel): unknown {
    if (receiver.seen === this.changes) return this.isClosed ? "ERR_RT_RECV_CLOSED" : PENDING;
    receiver.seen = this.changes;
    return undefined;
  }

  waitedFor(receiver: ReceiverModel): unknown {
    if (receiver.tested !== this.changes) {
      receiver.tested = this.changes;
      receiver.seen = this.changes;
      if (this.value % receiver.divisor === 0) return this.value;
    }
    return this.isClosed ? "ERR_RT_RECV_CLOSED" : PENDING;
  }

  poll(wait: Wait | null, make: () => Future<unknown>, expected: unknown): Wait | null {
    const future = wait === null ? make() : wait.polled.future;
    const polled = new Polled(future); // another waker each time: only the last counts
    const result = outcome(() => polled.poll());
    expect(result instanceof watch.Ref ? result.value : result).toBe(expected);
    return expected === PENDING ? { polled, mustWake: false } : null;
  }

  check(): void {
    const { closed, receivers, senders, value } = this;
    for (const tx of senders.slice(0, 1)) {
      expect([tx.receiverCount(), tx.senderCount(), tx.isClosed(), tx.borrow().value]).toEqual([
        receivers.length,
        senders.length,
        receivers.length === 0,
        value,
      ]);
    }
    for (const { rx, seen } of receivers) expect(rx.borrow().hasChanged()).toBe(seen !== this.changes);
    for (const wait of [...closed, ...receivers.map((one) => one.wait)])
      if (wait !== null) expect(wait.polled.cx.wakes).toBe(wait.mustWake ? 1 : 0);
  }
}

describe("random programs over a watch channel", () => {
  it("do what the model says", () => {
    runPrograms(OPS, (program) => {
      const world = new World();
      for (const step of program) {
        world.step(step);
        world.check();
      }
    });
  });
});
