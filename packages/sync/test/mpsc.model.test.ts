/** Random programs over one bounded channel, against a model that counts free places and lines up who waits. */
import { PENDING, type Future } from "@rt/core";
import { mpsc } from "@rt/sync";
import { describe, expect, it } from "vitest";
import { Polled } from "./support/polling.ts";
import { outcome, pick, runPrograms, takeOut, type Step } from "./support/random-programs.ts";

const SENDING = [
  "trySend",
  "trySend",
  "send",
  "send",
  "reserve",
  "reserveMany",
  "tryReserveMany",
  "cloneSender",
  "dropSender",
] as const;
const RECEIVING = ["tryRecv", "tryRecv", "recvMany", "recv", "dropRecv", "close", "dropReceiver"] as const;
const WAITING = ["pollWait", "pollWait", "pollWait", "dropWait"] as const;
const HOLDING = ["permitSend", "permitRelease"] as const;
const OPS = [...SENDING, ...RECEIVING, ...WAITING, ...HOLDING] as const;
type Op = (typeof OPS)[number];

function isOneOf<O extends Op>(ops: readonly O[], op: Op): op is O {
  return (ops as readonly Op[]).includes(op);
}

const CLOSED = "ERR_RT_SEND_CLOSED";
const CAPACITY = 3;

/** A send or a reservation that was polled and is not over. */
interface Wait {
  readonly polled: Polled<unknown>;
  /** What is sent; null for reservations. */
  readonly value: number | null;
  readonly count: number;
  missing: number;
}

class World {
  readonly senders: mpsc.Sender<number>[] = [];
  readonly rx: mpsc.Receiver<number>;
  isReceiverGone = false;
  isClosed = false;
  readonly values: number[] = [];
  readonly permits: mpsc.Permit<number>[] = [];
  /** In line, oldest first. */
  readonly line: Wait[] = [];
  /** Granted and not polled since. */
  readonly granted: Wait[] = [];
  /** Had been in line when the channel was closed. */
  readonly refused: Wait[] = [];
  recv: Polled<number | undefined> | null = null;
  mustWakeRecv = false;
  /** How often it had been woken when it was polled last. */
  wakes = 0;
  free = CAPACITY;
  next = 0;

  constructor() {
    const { tx, rx } = mpsc.channel<number>(CAPACITY);
    this.senders.push(tx);
    this.rx = rx;
  }

  get isOver(): boolean {
    return (this.isClosed || this.senders.length === 0) && this.free === CAPACITY;
  }

  run({ op, which, argument }: Step<Op>): void {
    const tx = pick(this.senders, which);
    if (isOneOf(RECEIVING, op)) {
      if (!this.isReceiverGone) this.receive(op, argument);
    } else if (isOneOf(WAITING, op)) this.goOn(op, which);
    else if (isOneOf(HOLDING, op)) this.usePermit(op, which);
    else if (tx !== undefined) this.send(op, tx, argument);
    this.check();
  }

  send(op: (typeof SENDING)[number], tx: mpsc.Sender<number>, argument: number): void {
    const count = argument % (CAPACITY + 1);
    this.next += 1;
    switch (op) {
      case "trySend": {
        const expected = this.isClosed ? CLOSED : this.take(1);
        expect(outcome(() => tx.trySend(this.next))).toBe(expected);
        if (expected === true) this.push(this.next);
        break;
      }
      case "tryReserveMany": {
        const permits = outcome(() => tx.tryReserveMany(count));
        if (this.isClosed) expect(permits).toBe(CLOSED);
        else if (this.take(count)) this.permits.push(...(permits as mpsc.PermitIterator<number>));
        else expect(permits).toBeNull();
        break;
      }
      case "send":
        this.start(tx.send(this.next), this.next, 1);
        break;
      case "reserve":
        this.start(tx.reserve(), null, 1);
        break;
      case "reserveMany":
        this.start(tx.reserveMany(count), null, count);
        break;
      case "cloneSender":
        this.senders.push(tx.clone());
        break;
      case "dropSender":
        takeOut(this.senders, tx);
        tx[Symbol.dispose]();
        this.settle();
    }
  }

  /** Polls a new wait for the first time. */
  start(future: Future<unknown>, value: number | null, count: number): void {
    const wait: Wait = { polled: new Polled(future), value, count, missing: count };
    const got = outcome(() => wait.polled.poll());
    if (this.isClosed) expect(got).toBe(CLOSED);
    else if (this.take(count)) this.finish(wait, got);
    else {
      expect(got).toBe(PENDING);
      this.line.push(wait);
      this.serve();
    }
  }

  /** Polls or drops something that waits. */
  goOn(op: (typeof WAITING)[number], which: number): void {
    const wait = pick([...this.line, ...this.granted, ...this.refused], which);
    if (wait === undefined) return;
    const wasGranted = this.granted.includes(wait);
    const isRefused = this.refused.includes(wait) || (wasGranted && this.isClosed);
    const mayGoOn = op === "pollWait" && !isRefused;
    if (mayGoOn && !wasGranted) {
      expect(outcome(() => wait.polled.poll())).toBe(PENDING);
      return;
    }
    for (const list of [this.line, this.granted, this.refused]) if (list.includes(wait)) takeOut(list, wait);
    if (mayGoOn) {
      this.finish(
        wait,
        outcome(() => wait.polled.poll()),
      );
      return;
    }
    if (op === "dropWait") wait.polled.drop();
    else expect(outcome(() => wait.polled.poll())).toBe(CLOSED);
    this.giveBack(wait.count - wait.missing);
  }

  /** A wait is through, with `got`. */
  finish(wait: Wait, got: unknown): void {
    if (wait.value !== null) {
      expect(got).toBeUndefined();
      this.push(wait.value);
    } else if (got instanceof mpsc.PermitIterator) {
      expect(got.len()).toBe(wait.count);
      this.permits.push(...(got as mpsc.PermitIterator<number>));
    } else {
      expect(got).toBeInstanceOf(mpsc.Permit);
      this.permits.push(got as mpsc.Permit<number>);
    }
  }

  usePermit(op: (typeof HOLDING)[number], which: number): void {
    const permit = pick(this.permits, which);
    if (permit === undefined) return;
    takeOut(this.permits, permit);
    this.next += 1;
    if (op === "permitSend") {
      permit.send(this.next);
      if (!this.isReceiverGone) {
        this.push(this.next);
        return;
      }
    } else permit.release();
    this.giveBack(1);
  }

  receive(op: (typeof RECEIVING)[number], argument: number): void {
    switch (op) {
      case "tryRecv":
        expect(this.rx.tryRecv()).toBe(this.shift());
        break;
      case "recvMany": {
        const buffer: number[] = [];
        const expected = this.values.slice(0, argument);
        const many = new Polled(this.rx.recvMany(buffer, argument));
        const got = outcome(() => many.poll());
        many.drop();
        if (expected.length > 0 || argument === 0) expect(got).toBe(expected.length);
        else if (this.isOver) expect(got).toBe(0);
        else if (this.recv !== null && !this.mustWakeRecv) expect(got).toBe("ERR_RT_INVALID_STATE");
        else expect(got).toBe(PENDING);
        expect(buffer).toEqual(expected);
        for (const _ of expected) this.shift();
        break;
      }
      case "recv": {
        this.recv ??= new Polled(this.rx.recv());
        const value = this.shift();
        expect(this.recv.poll()).toBe(value ?? (this.isOver ? undefined : PENDING));
        this.wakes = this.recv.cx.wakes;
        this.mustWakeRecv = false;
        if (value !== undefined || this.isOver) this.recv = null;
        break;
      }
      case "dropRecv":
        this.recv?.drop();
        this.recv = null;
        this.mustWakeRecv = false;
        break;
      case "close":
        this.rx.close();
        this.close();
        break;
      case "dropReceiver":
        this.rx[Symbol.dispose]();
        this.isReceiverGone = true;
        this.free += this.values.length;
        this.values.length = 0;
        this.close();
        if (this.recv !== null) expect(this.recv.cx.wakes).toBe(this.wakes + 1);
        this.recv = null;
        this.mustWakeRecv = false;
    }
  }

  close(): void {
    this.isClosed = true;
    this.refused.push(...this.line.splice(0));
    this.settle();
  }

  take(count: number): boolean {
    if (this.free < count) return false;
    this.free -= count;
    return true;
  }

  giveBack(count: number): void {
    this.free += count;
    this.serve();
    this.settle();
  }

  serve(): void {
    for (let head = this.line[0]; head !== undefined && this.free > 0; head = this.line[0]) {
      const given = Math.min(this.free, head.missing);
      this.free -= given;
      head.missing -= given;
      if (head.missing > 0) return;
      this.granted.push(head);
      this.line.shift();
    }
  }

  settle(): void {
    if (this.recv !== null && this.isOver) this.mustWakeRecv = true;
  }

  push(value: number): void {
    this.values.push(value);
    if (this.recv !== null) this.mustWakeRecv = true;
  }

  shift(): number | undefined {
    const value = this.values.shift();
    if (value !== undefined) this.giveBack(1);
    return value;
  }

  check(): void {
    for (const { polled } of this.line) expect(polled.isWoken).toBe(false);
    for (const { polled } of [...this.granted, ...this.refused]) expect(polled.isWoken).toBe(true);
    if (this.recv !== null) expect(this.recv.cx.wakes).toBe(this.wakes + Number(this.mustWakeRecv));
    const [tx] = this.senders;
    if (tx !== undefined)
      expect([tx.capacity(), tx.isClosed(), tx.strongCount()]).toEqual([
        this.free,
        this.isClosed,
        this.senders.length,
      ]);
    if (this.isReceiverGone) return;
    const { rx } = this;
    expect([rx.len(), rx.isEmpty(), rx.capacity(), rx.isDisconnected(), rx.isClosed()]).toEqual([
      this.values.length,
      this.values.length === 0,
      this.free,
      this.isOver,
      this.isClosed || this.senders.length === 0,
    ]);
  }
}

describe("a bounded mpsc channel", () => {
  it("behaves as its model in random programs", { timeout: 120_000 }, () => {
    runPrograms(OPS, (program) => {
      const world = new World();
      for (const step of program) world.run(step);
    });
  });
});
