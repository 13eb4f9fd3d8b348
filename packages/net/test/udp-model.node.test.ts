/** Datagrams keep their borders, and each comes to one receiver, whoever gives up receiving. */
import { type Async, type Future, UsageError } from "@rt/core";
import { UdpSocket } from "@rt/net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LANES, type Lane, turnUntil, until } from "./support/net.ts";
import {
  aborted,
  type Body,
  checkPrograms,
  descriptors,
  DROPPED,
  on,
  openSockets,
  Polled,
  polls,
  Probe,
  someTurns,
  spawnIn,
  watched,
} from "./support/programs.ts";

type SendStep =
  | { do: "send" | "sendTo" | "trySend"; size: number }
  | { do: "drop"; size: number; polls: number }
  | { do: "turn"; count: number };
type RecvStep =
  | {
      do: "recv" | "poll" | "peek" | "pollPeek" | "peekSender" | "try" | "readable" | "recvReady";
      size: number;
    }
  | { do: "drop"; what: "recv" | "peek" | "readable"; size: number; polls: number }
  | { do: "abort"; what: "recv" | "peek"; size: number; turns: number; lane: Lane }
  | { do: "turn"; count: number };
interface Receiver {
  lane: Lane;
  steps: RecvStep[];
  /** It receives nothing after its steps; the last one always goes on. */
  quits: boolean;
}
interface Program {
  send: { lane: Lane; steps: SendStep[] };
  receivers: Receiver[];
}

const turns = fc.integer({ min: 0, max: 4 });
const lane = fc.constantFrom(...LANES);
/** The first byte is the number of the datagram. */
const size = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 21, max: 3000 }));
const sendStep: fc.Arbitrary<SendStep> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom("send" as const, "sendTo" as const, "trySend" as const),
      size,
    }),
  },
  fc.record({ do: fc.constant("drop" as const), size, polls }),
  fc.record({ do: fc.constant("turn" as const), count: turns }),
);
const recvStep: fc.Arbitrary<RecvStep> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom(
        ...(["recv", "poll", "peek", "pollPeek", "peekSender", "try", "readable", "recvReady"] as const),
      ),
      size,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("drop" as const),
      what: fc.constantFrom("recv" as const, "peek" as const, "readable" as const),
      size,
      polls,
    }),
  },
  fc.record({
    do: fc.constant("abort" as const),
    what: fc.constantFrom("recv" as const, "peek" as const),
    size,
    turns,
    lane,
  }),
  fc.record({ do: fc.constant("turn" as const), count: turns }),
);
const program: fc.Arbitrary<Program> = fc.record({
  send: fc.record({ lane, steps: fc.array(sendStep, { maxLength: 14 }) }),
  receivers: fc.array(fc.record({ lane, steps: fc.array(recvStep, { maxLength: 8 }), quits: fc.boolean() }), {
    minLength: 1,
    maxLength: 3,
  }),
});

function datagram(id: number, length: number): Uint8Array {
  const data = new Uint8Array(length).fill(id * 7 + 1);
  data[0] = id;
  return data;
}

const POLLING: ReadonlySet<string> = new Set(["poll", "pollPeek", "recvReady"]);

/** What was sent, and what has come of it. */
class Scene {
  readonly tx: UdpSocket;
  readonly rx: UdpSocket;
  readonly lengths: number[] = [];
  readonly received: number[] = [];
  readonly #isAlone: boolean;
  isSent = false;
  isClosed = false;

  constructor(tx: UdpSocket, rx: UdpSocket, played: Program) {
    this.tx = tx;
    this.rx = rx;
    this.#isAlone = played.receivers.length === 1;
  }

  *sending({ steps }: Program["send"]): Body {
    for (const step of steps) {
      if (step.do === "turn") {
        yield* someTurns(step.count);
        continue;
      }
      const data = datagram(this.lengths.length, step.size);
      if (step.do === "trySend") {
        if (this.tx.trySend(data) !== null) this.lengths.push(step.size);
      } else if (step.do === "drop") {
        const probe = new Probe(this.tx.send(data), step.polls);
        this.lengths.push(step.size);
        yield* on(probe);
        if (probe.polls === 0) this.lengths.pop();
        else continue; // its bytes are the socket's for a while
      } else {
        this.lengths.push(step.size);
        const sent = yield* on(
          step.do === "send" ? this.tx.send(data) : this.tx.sendTo(data, this.rx.localAddr()),
        );
        if (sent !== step.size) throw new Error(`${sent} bytes were sent of ${step.size}`);
      }
      data.fill(0xee); // they are ours again
    }
    this.isSent = true;
    this.#closeIfDone();
  }

  *receiving({ steps }: Receiver, mayPoll: boolean, quits: boolean): Body {
    try {
      // Polling by hand is for one: only the last waker counts.
      for (const step of steps) if (mayPoll || !POLLING.has(step.do)) yield* this.#step(step);
      if (!quits) for (;;) yield* this.#recv((buf) => this.rx.recv(buf), 4096, false);
    } catch (error) {
      if (!this.isClosed || !(error instanceof UsageError) || error.code !== "ERR_RT_DISPOSED") throw error;
    }
  }

  *#step(step: RecvStep): Body {
    const { rx } = this;
    if (step.do === "turn") yield* someTurns(step.count);
    else if (step.do === "readable") yield* on(rx.readable());
    else if (step.do === "recvReady") yield* on(new Polled((cx) => rx.pollRecvReady(cx)));
    else if (step.do === "peekSender") {
      const from = yield* on(rx.peekSender());
      if (String(from) !== String(this.tx.localAddr())) throw new Error(`It is from ${String(from)}`);
    } else if (step.do === "try") {
      const buf = new Uint8Array(step.size);
      const count = rx.tryRecv(buf);
      if (count !== null) this.#got(buf, count, false);
    } else if (step.do === "abort" || step.do === "drop") {
      const { what } = step;
      if (what === "readable") {
        yield* on(new Probe(rx.readable(), (step as { polls: number }).polls));
        return;
      }
      const buf = new Uint8Array(step.size);
      const start = (): Future<number> => (what === "recv" ? rx.recv(buf) : rx.peek(buf));
      const count =
        step.do === "abort" ? yield* aborted(step, start) : yield* on(new Probe(start(), step.polls));
      if (count !== DROPPED) this.#got(buf, count, what === "peek");
    } else {
      const { do: what } = step;
      yield* this.#recv(
        (buf) =>
          what === "recv"
            ? rx.recv(buf)
            : what === "peek"
              ? rx.peek(buf)
              : new Polled((cx) => (what === "poll" ? rx.pollRecv(cx, buf) : rx.pollPeek(cx, buf))),
        step.size,
        what === "peek" || what === "pollPeek",
      );
    }
  }

  *#recv(start: (buf: Uint8Array) => Future<number>, length: number, keep: boolean): Body {
    const buf = new Uint8Array(length);
    this.#got(buf, yield* on(start(buf)), keep);
  }

  #got(buf: Uint8Array, count: number, keep: boolean): void {
    const id = buf[0] as number; // at least a byte was asked for
    const length = this.lengths[id];
    if (length === undefined) throw new Error(`Datagram ${id} was not sent`);
    if (count !== Math.min(length, buf.length)) throw new Error(`${count} bytes came of ${length} of ${id}`);
    if (Buffer.compare(buf.subarray(0, count), datagram(id, length).subarray(0, count)) !== 0)
      throw new Error(`Datagram ${id} came with other bytes`);
    if (keep) return;
    if (this.received.includes(id)) throw new Error(`Datagram ${id} came twice`);
    if (this.#isAlone && id !== this.received.length)
      throw new Error(`Datagram ${id} came behind ${this.received.length}`);
    this.received.push(id);
    this.#closeIfDone();
  }

  #closeIfDone(): void {
    if (!this.isSent || this.received.length < this.lengths.length) return;
    this.isClosed = true;
    this.rx.close();
  }
}

function* play(played: Program, report: { scene: Scene | null }): Async<void> {
  using tx = yield* UdpSocket.bind("127.0.0.1:0");
  using rx = yield* UdpSocket.bind("127.0.0.1:0");
  yield* tx.connect(rx.localAddr());
  const scene = new Scene(tx, rx, played);
  report.scene = scene;
  const tasks = played.receivers.map((receiver, i) =>
    spawnIn(
      receiver.lane,
      scene.receiving(receiver, i === 0, receiver.quits && i < played.receivers.length - 1),
    ),
  );
  tasks.push(spawnIn(played.send.lane, scene.sending(played.send)));
  for (const task of tasks) yield* task;
  tx.close();
  yield* until(() => openSockets() === 0);
}

describe("UdpSocket", () => {
  it("gives each datagram as it was sent to one of those who receive, whoever gives up", async () => {
    const before = descriptors();
    await checkPrograms(program, (played) => {
      const report: { scene: Scene | null } = { scene: null };
      return watched(play(played, report), () => ({
        sent: report.scene?.lengths,
        received: report.scene?.received,
      }));
    });
    await turnUntil(() => descriptors() <= before);
    expect(descriptors()).toBeLessThanOrEqual(before);
  }, 120_000);
});
