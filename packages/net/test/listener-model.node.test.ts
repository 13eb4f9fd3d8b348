/** Whoever connects is accepted once, however many accept, give up accepting, or give up connecting. */
import { type Async, type Future, intoFuture, type JoinHandle, UsageError } from "@rt/core";
import { IoError } from "@rt/io";
import { type Listener, type SocketStream, TcpListener, TcpStream, UnixListener, UnixStream } from "@rt/net";
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

type AnyListener = Listener<SocketStream, unknown>;
type AcceptStep =
  | { do: "accept" }
  | { do: "poll" }
  | { do: "drop"; polls: number }
  | { do: "abort"; turns: number; lane: Lane }
  | { do: "turn"; count: number };
interface Client {
  lane: Lane;
  /** Turns before it connects. */
  after: number;
  /** Polls after which it gives up connecting. */
  polls: number | null;
}
interface Acceptor {
  lane: Lane;
  steps: AcceptStep[];
  /** It accepts nothing after its steps; the last one always goes on. */
  quits: boolean;
}
interface Program {
  acceptors: Acceptor[];
  clients: Client[];
  /** Connections after which the listener closes, if not after all. */
  closeAfter: number | null;
}

const turns = fc.integer({ min: 0, max: 4 });
const lane = fc.constantFrom(...LANES);
const step: fc.Arbitrary<AcceptStep> = fc.oneof(
  fc.record({ do: fc.constantFrom("accept" as const, "poll" as const) }),
  fc.record({ do: fc.constant("drop" as const), polls }),
  fc.record({ do: fc.constant("abort" as const), turns, lane }),
  fc.record({ do: fc.constant("turn" as const), count: turns }),
);
const program: fc.Arbitrary<Program> = fc.record({
  acceptors: fc.array(fc.record({ lane, steps: fc.array(step, { maxLength: 8 }), quits: fc.boolean() }), {
    minLength: 1,
    maxLength: 4,
  }),
  clients: fc.array(fc.record({ lane, after: turns, polls: fc.option(polls, { freq: 3 }) }), {
    maxLength: 12,
  }),
  closeAfter: fc.option(fc.integer({ min: 0, max: 6 }), { freq: 1 }),
});

/** What has happened so far. */
class Scene {
  readonly listener: AnyListener;
  readonly #connect: () => Future<SocketStream>;
  readonly #program: Program;
  /** Who has been heard of at the listener, by the number that each client sends. */
  readonly heard: Set<number> = new Set();
  readonly handlers: JoinHandle<void>[] = [];
  /** Clients that will be heard of. */
  readonly #expected: number;
  accepted = 0;
  isClosed = false;

  constructor(listener: AnyListener, connect: () => Future<SocketStream>, played: Program) {
    this.listener = listener;
    this.#connect = connect;
    this.#program = played;
    this.#expected = played.clients.filter((client) => client.polls === null).length;
    if (played.closeAfter === 0) this.close();
  }

  close(): void {
    this.isClosed = true;
    this.listener.close();
  }

  *accepting({ steps }: Acceptor, mayPoll: boolean, quits: boolean): Body {
    try {
      for (const next of steps) {
        // Polling by hand is for one: only the last waker counts.
        if (next.do === "poll" && !mayPoll) continue;
        if (next.do === "turn") {
          yield* someTurns(next.count);
          continue;
        }
        const accepted = yield* this.#step(next);
        if (accepted !== DROPPED) this.#serve(accepted[0]);
      }
      if (!quits) for (;;) this.#serve((yield* on(this.listener.accept()))[0]);
    } catch (error) {
      if (!this.isClosed || !(error instanceof UsageError) || error.code !== "ERR_RT_DISPOSED") throw error;
    }
  }

  #step(
    next: Exclude<AcceptStep, { do: "turn" }>,
  ): Generator<Future<unknown>, [SocketStream, unknown] | typeof DROPPED, unknown> {
    const { listener } = this;
    if (next.do === "abort") return aborted(next, () => listener.accept());
    if (next.do === "drop") return on(new Probe(listener.accept(), next.polls));
    return on(next.do === "poll" ? new Polled((cx) => listener.pollAccept(cx)) : listener.accept());
  }

  #serve(stream: SocketStream): void {
    this.accepted += 1;
    this.handlers.push(spawnIn("generator", this.#handle(stream)));
    if (this.accepted === this.#program.closeAfter) this.close();
  }

  *#handle(stream: SocketStream): Body {
    using socket = stream;
    const first = yield* on(socket.readChunk(1));
    const id = first?.[0];
    if (id === undefined) return; // it has given up
    if (this.heard.has(id)) throw new Error(`Client ${id} was accepted twice`);
    this.heard.add(id);
    yield* on(socket.writeAll(Uint8Array.of(id)));
    if (this.heard.size === this.#expected) this.close();
  }

  /** True when it was answered. */
  *client(id: number, { after, polls: limit }: Client): Body {
    yield* someTurns(after);
    try {
      const stream = yield* on(new Probe(this.#connect(), limit ?? Infinity));
      if (stream === DROPPED) return;
      using socket = stream;
      if (limit !== null) return;
      yield* on(socket.writeAll(Uint8Array.of(id)));
      const answer = yield* on(socket.readChunk());
      if (answer?.[0] !== id) throw new Error(`Client ${id} was answered ${String(answer)}`);
    } catch (error) {
      if (!this.isClosed || !(error instanceof IoError)) throw error;
      // Once all that count have been heard of, those that give up may be refused.
      if (this.#program.closeAfter === null && limit === null) throw error;
    }
  }
}

function* play(
  listener: AnyListener,
  connect: () => Future<SocketStream>,
  played: Program,
  report: { scene: Scene | null },
): Async<void> {
  const scene = new Scene(listener, connect, played);
  report.scene = scene;
  const acceptors = played.acceptors.map((acceptor, i) =>
    spawnIn(
      acceptor.lane,
      scene.accepting(acceptor, i === 0, acceptor.quits && i < played.acceptors.length - 1),
    ),
  );
  const clients = played.clients.map((client, id) => spawnIn(client.lane, scene.client(id, client)));
  for (const client of clients) yield* client;
  if (played.clients.every((client) => client.polls !== null)) scene.close();
  for (const acceptor of acceptors) yield* acceptor;
  for (const handler of scene.handlers) yield* handler;
  yield* until(() => openSockets() === 0);
}

function* overTcp(played: Program, report: { scene: Scene | null }): Async<void> {
  const listener = yield* TcpListener.bind("127.0.0.1:0");
  const addr = listener.localAddr();
  yield* play(listener, () => TcpStream.connect(addr), played, report);
}

let count = 0;
function* overUnix(played: Program, report: { scene: Scene | null }): Async<void> {
  const path = `\0rt-model-${process.pid}-${(count += 1)}`;
  yield* play(yield* UnixListener.bind(path), () => UnixStream.connect(path), played, report);
}

describe.each([
  ["TcpListener", overTcp],
  ["UnixListener", overUnix],
] as const)("%s", (_name, over) => {
  it("gives every connection to one of those who accept, whoever gives up", async () => {
    const before = descriptors();
    await checkPrograms(program, (played) => {
      const report: { scene: Scene | null } = { scene: null };
      return watched(intoFuture(over(played, report)), () => ({
        accepted: report.scene?.accepted,
        heard: [...(report.scene?.heard ?? [])],
      }));
    });
    await turnUntil(() => descriptors() <= before);
    expect(descriptors()).toBeLessThanOrEqual(before);
  }, 120_000);
});

describe("TcpListener.bind", () => {
  it.each([0, 1, 2, 3])("leaves nothing open when it is dropped after %i polls", async (limit) => {
    const before = descriptors();
    await watched(
      function* () {
        for (let i = 0; i < 20; i += 1) {
          const bound = yield* new Probe(TcpListener.bind("127.0.0.1:0"), limit);
          if (bound !== DROPPED) bound.close();
        }
      },
      () => "binding",
    );
    await turnUntil(() => descriptors() <= before);
    expect(descriptors()).toBeLessThanOrEqual(before);
  });
});
