/** A runtime that ends, ends all that waits for its sockets, whoever waits. */
import { spawn as spawnProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type Async, Builder, type Context, type Future, intoFuture, type Poll, PENDING } from "@rt/core";
import { isRtShutdownErr } from "@rt/io";
import {
  Interest,
  type SocketStream,
  TcpListener,
  TcpStream,
  TlsAcceptor,
  TlsConnector,
  UdpSocket,
  UnixListener,
  UnixStream,
} from "@rt/net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fill, tcpPair, TestWaker, thrownBy, turnUntil } from "./support/net.ts";
import { checkPrograms, descriptors, Polled, someTurns, spawnIn, watched } from "./support/programs.ts";
import { play, program, type Program, type Report } from "./support/stream-programs.ts";

const pairs: readonly [string, () => Future<readonly [SocketStream, SocketStream]>][] = [
  ["TcpStream", () => intoFuture(tcpPair())],
  ["UnixStream", () => UnixStream.pair()],
];

/** What is open when the runtime ends. */
interface Open {
  idle: TcpStream;
  full: TcpStream;
  unix: UnixStream;
  tcpListener: TcpListener;
  unixListener: UnixListener;
  udp: UdpSocket;
}

function* open(): Async<Open> {
  const tcpListener = yield* TcpListener.bind("127.0.0.1:0");
  const unixListener = yield* UnixListener.bind(`\0rt-shutdown-${process.pid}`);
  const [idle] = yield* tcpPair();
  const [full] = yield* tcpPair();
  yield* fill(full);
  const [unix] = yield* UnixStream.pair();
  const udp = yield* UdpSocket.bind("127.0.0.1:0");
  return { idle, full, unix, tcpListener, unixListener, udp };
}

const key = readFileSync(new URL("fixtures/key.pem", import.meta.url));
const cert = readFileSync(new URL("fixtures/cert.pem", import.meta.url));
const byHand = <T>(poll: (cx: Context) => Poll<T>): Future<T> => new Polled(poll);
const buf = new Uint8Array(8);
const waits: readonly [string, (open: Open) => Future<unknown>][] = [
  ["TcpListener.accept", ({ tcpListener }) => tcpListener.accept()],
  ["UnixListener.accept", ({ unixListener }) => unixListener.accept()],
  ["TcpListener.pollAccept", ({ tcpListener }) => byHand((cx) => tcpListener.pollAccept(cx))],
  ["TcpListener.bind", () => TcpListener.bind("127.0.0.1:0")],
  ["TcpStream.connect", ({ tcpListener }) => TcpStream.connect(tcpListener.localAddr())],
  ["UnixStream.connect", ({ unixListener }) => UnixStream.connect(unixListener.localAddr())],
  ["UnixStream.pair", () => UnixStream.pair()],
  ["UdpSocket.bind", () => UdpSocket.bind("127.0.0.1:0")],
  ["read", ({ idle }) => idle.read(buf)],
  ["readChunk", ({ unix }) => unix.readChunk()],
  ["readToEnd", ({ idle }) => idle.readToEnd()],
  ["peek", ({ idle }) => idle.peek(buf)],
  ["readable", ({ unix }) => unix.readable()],
  ["pollReadReady", ({ idle }) => byHand((cx) => idle.pollReadReady(cx))],
  ["ready", ({ idle }) => idle.ready(Interest.READABLE)],
  ["asyncIo", ({ idle }) => idle.asyncIo(Interest.READABLE, () => idle.tryRead(buf))],
  ["write", ({ full }) => full.write(buf)],
  ["writeAll", ({ full }) => full.writeAll(buf)],
  ["writeVectored", ({ full }) => full.writeVectored([buf, buf])],
  ["flush", ({ full }) => full.flush()],
  ["TlsConnector.connect", ({ idle }) => new TlsConnector().connect("localhost", idle)],
  ["TlsAcceptor.accept", ({ idle }) => new TlsAcceptor({ key, cert }).accept(idle)],
  [
    "TlsAcceptor.accept that wants a certificate",
    ({ idle }) => new TlsAcceptor({ key, cert, ca: cert, requestCert: true }).accept(idle),
  ],
  ["UdpSocket.recv", ({ udp }) => udp.recv(buf)],
  ["UdpSocket.peekSender", ({ udp }) => udp.peekSender()],
  ["UdpSocket.pollRecv", ({ udp }) => byHand((cx) => udp.pollRecv(cx, buf))],
  ["UdpSocket.send", ({ udp }) => udp.sendTo(buf, udp.localAddr())],
];
/** Those that say only that there is something to find out; the operation tells then. */
const READINESS: ReadonlySet<string> = new Set(["readable", "pollReadReady", "ready"]);

describe("A runtime that shuts down", () => {
  it.each(waits)("wakes and fails %s", async (name, start) => {
    const before = descriptors();
    const runtime = Builder.currentThread().build();
    const sockets = await runtime.blockOn(open());
    const cx = new TestWaker();
    const guard = runtime.enter();
    const waiting = start(sockets);
    const first = waiting.poll(cx);
    guard[Symbol.dispose]();
    expect(first).toBe(PENDING);
    const count = cx.count;
    runtime.shutdownBackground();
    expect(cx.count).toBeGreaterThan(count);
    if (READINESS.has(name)) expect(waiting.poll(cx)).not.toBe(PENDING);
    else expect(isRtShutdownErr(thrownBy(() => waiting.poll(cx)))).toBe(true);
    await turnUntil(() => descriptors() <= before);
  });

  const moment = fc.tuple(program, fc.integer({ min: 0, max: 12 }));
  it.each(pairs)(
    "ends all that tasks of another runtime do with a %s",
    async (_name, pair) => {
      const before = descriptors();
      await checkPrograms(moment, async ([steps, turn]: [Program, number]) => {
        const runtime = Builder.currentThread().build();
        const ends = await runtime.blockOn(pair());
        const report: Report = { players: [] };
        function* session(): Async<void> {
          const ending = spawnIn("generator", end());
          yield* play(steps, ends, report);
          yield* ending;
        }
        function* end(): Generator<Future<unknown>, void, unknown> {
          yield* someTurns(turn);
          report.isShutDown = true;
          runtime.shutdownBackground();
        }
        await watched(session(), () => report);
      });
      await turnUntil(() => descriptors() <= before);
    },
    120_000,
  );

  it.each(pairs)(
    "drops its own tasks wherever they are with a %s, and leaves no descriptor",
    async (_name, pair) => {
      const before = descriptors();
      await checkPrograms(moment, async ([steps, turn]: [Program, number]) => {
        const runtime = Builder.currentThread().build();
        runtime.spawn(function* () {
          yield* play(steps, yield* pair(), { players: [] });
        });
        await runtime.blockOn(function* () {
          for (const wait of someTurns(turn)) yield* wait;
        });
        runtime.shutdownBackground();
      });
      await turnUntil(() => descriptors() <= before);
      expect(descriptors()).toBeLessThanOrEqual(before);
    },
    120_000,
  );

  it("lets the process end, whatever was open", { timeout: 20_000 }, async () => {
    const child = spawnProcess(process.execPath, [...process.execArgv, "test/fixtures/shut-down.ts"], {
      stdio: ["ignore", "pipe", "inherit"],
      cwd: new URL("..", import.meta.url),
      timeout: 15_000,
    });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    expect(await once(child, "close")).toEqual([0, null]);
    expect(output.trim()).toBe("over");
  });
});
