/** Random programs over one oneshot channel, against a model of what may still come. */
import { PENDING } from "@rt/core";
import { oneshot } from "@rt/sync";
import { describe, expect, it } from "vitest";
import { Polled } from "./support/polling.ts";
import { outcome, runPrograms, type Step } from "./support/random-programs.ts";

const OPS = [
  "recv",
  "recv",
  "dropRecv",
  "pollOwn",
  "tryRecv",
  "close",
  "dropReceiver",
  "send",
  "dropSender",
  "closed",
  "closed",
  "dropClosed",
  "look",
  "look",
] as const;
type Op = (typeof OPS)[number];

const CLOSED = "ERR_RT_RECV_CLOSED";
const COMPLETED = "ERR_RT_POLLED_AFTER_COMPLETION";

interface Wait {
  readonly polled: Polled<unknown>;
  mustWake: boolean;
}

class World {
  readonly tx: oneshot.Sender<number>;
  readonly rx: oneshot.Receiver<number>;
  /** Sent and not taken. */
  value: number | null = null;
  hasSender = true;
  isClosed = false;
  /** The result was given, or the receiver was dropped. */
  isOver = false;
  recv: Wait | null = null;
  /** The receiver's own wait. */
  readonly own: Wait;
  isOwnWaiting = false;
  closed: Wait | null = null;

  constructor() {
    const { tx, rx } = oneshot.channel<number>();
    this.tx = tx;
    this.rx = rx;
    this.own = { polled: new Polled(rx), mustWake: false };
  }

  /** There is something to receive, or never will be. */
  get isSettled(): boolean {
    return this.value !== null || !this.hasSender || this.isClosed;
  }

  run({ op, argument }: Step<Op>): void {
    if (op === "send" || op === "dropSender") this.end(op, argument);
    else if (op === "closed" || op === "dropClosed") this.waitForClose(op);
    else if (op !== "look") this.receive(op);
    this.check();
  }

  end(op: "send" | "dropSender", value: number): void {
    if (op === "dropSender") this.tx[Symbol.dispose]();
    else {
      const expected = !this.hasSender ? "ERR_RT_DISPOSED" : this.isClosed ? "ERR_RT_SEND_CLOSED" : undefined;
      expect(outcome(() => this.tx.send(value))).toBe(expected);
      if (expected === undefined) this.value = value;
    }
    if (!this.hasSender) return;
    this.hasSender = false;
    this.wake();
  }

  waitForClose(op: "closed" | "dropClosed"): void {
    if (op === "dropClosed") {
      this.closed?.polled.drop();
      this.closed = null;
    } else if (this.closed !== null || this.hasSender) {
      this.closed ??= { polled: new Polled(this.tx.closed()), mustWake: false };
      expect(this.closed.polled.poll()).toBe(this.isClosed ? undefined : PENDING);
      if (this.isClosed) this.closed = null;
    }
  }

  receive(op: "recv" | "dropRecv" | "pollOwn" | "tryRecv" | "close" | "dropReceiver"): void {
    if (op === "recv") {
      this.recv ??= { polled: new Polled(this.rx.recv()), mustWake: false };
      const { polled } = this.recv;
      if (this.isSettled) {
        expect(outcome(() => polled.poll())).toBe(this.isOver ? COMPLETED : this.take());
        this.recv = null;
      } else {
        expect(polled.poll()).toBe(PENDING);
        this.isOwnWaiting = false; // the last who polls waits
      }
    } else if (op === "dropRecv") {
      this.recv?.polled.drop();
      this.recv = null;
    } else if (op === "pollOwn") this.pollOwn();
    else if (op === "tryRecv")
      expect(outcome(() => this.rx.tryRecv())).toBe(this.isSettled ? this.take() : PENDING);
    else {
      if (op === "close") this.rx.close();
      else {
        this.rx.drop();
        this.value = null;
        this.isOver = true;
        this.isOwnWaiting = false;
      }
      this.close();
      this.wake();
    }
  }

  pollOwn(): void {
    const { polled } = this.own;
    if (this.isSettled) expect(outcome(() => polled.poll())).toBe(this.isOver ? COMPLETED : this.take());
    else if (this.recv !== null) expect(outcome(() => polled.poll())).toBe("ERR_RT_INVALID_STATE");
    else {
      expect(polled.poll()).toBe(PENDING);
      this.isOwnWaiting = true;
    }
  }

  /** What is received when it is settled. */
  take(): unknown {
    const value = this.value ?? CLOSED;
    this.value = null;
    this.isOver = true;
    this.close();
    return value;
  }

  close(): void {
    this.isClosed = true;
    if (this.closed !== null) this.closed.mustWake = true;
  }

  wake(): void {
    if (this.recv !== null) this.recv.mustWake = true;
    if (this.isOwnWaiting) this.own.mustWake = true;
    this.isOwnWaiting = false;
  }

  check(): void {
    if (this.recv !== null) expect(this.recv.polled.isWoken).toBe(this.recv.mustWake);
    expect(this.own.polled.isWoken).toBe(this.own.mustWake);
    if (this.closed !== null) expect(this.closed.polled.isWoken).toBe(this.closed.mustWake);
    expect([this.rx.isEmpty(), this.rx.isTerminated()]).toEqual([this.value === null, this.isOver]);
    if (this.hasSender) expect(this.tx.isClosed()).toBe(this.isClosed);
  }
}

describe("a oneshot channel", () => {
  it("behaves as its model in random programs", { timeout: 120_000 }, () => {
    runPrograms(OPS, (program) => {
      const world = new World();
      for (const step of program) world.run(step);
    });
  });
});
