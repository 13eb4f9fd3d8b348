import { spawn as spawnProcess } from "node:child_process";
import { readdirSync } from "node:fs";
import { text as textOf } from "node:stream/consumers";
import { DeadlockError, Handle, PENDING, spawn } from "@rt/core";
import { ioKey, TcpListener, TcpStream, UdpSocket, UnixStream } from "@rt/net";
import { describe, expect, it } from "vitest";
import { failureOf, run, tcpPair, TestWaker, turnUntil, turns } from "./support/net.ts";

const descriptors = (): number => readdirSync("/proc/self/fd").length;

describe.runIf(process.platform === "linux")("descriptors", () => {
  it("are all given back, however sockets end", async () => {
    const before = descriptors();
    await run(function* () {
      for (let round = 0; round < 3; round += 1) {
        // Closed in order.
        const [a, b] = yield* tcpPair();
        yield* a.writeAll("x");
        a.close();
        yield* b.readToEnd();
        b.close();
        // Both directions ended, and nobody closes.
        const [c, d] = yield* tcpPair();
        yield* c.shutdown();
        yield* d.readToEnd();
        yield* d.shutdown();
        yield* c.readToEnd();
        // Reset.
        const [e, f] = yield* tcpPair();
        e.setZeroLinger();
        e.close();
        yield* failureOf(f.readChunk());
        // Halves.
        const [g, h] = yield* UnixStream.pair();
        const [read, write] = g.intoSplit();
        read[Symbol.dispose]();
        write[Symbol.dispose]();
        h.close();
        // Dropped while opening, and refused.
        const listener = yield* TcpListener.bind("127.0.0.1:0");
        const connecting = TcpStream.connect(listener.localAddr());
        connecting.poll(new TestWaker());
        connecting.drop();
        const addr = listener.localAddr();
        listener.close();
        yield* failureOf(TcpStream.connect(addr));
        // A task that is aborted while it reads.
        const [i, j] = yield* tcpPair();
        const reading = spawn(function* () {
          using stream = j;
          yield* stream.readToEnd();
        });
        yield* turns(2);
        reading.abort();
        yield* failureOf(reading);
        i.close();
        // Left open, for the runtime.
        yield* tcpPair();
        yield* UdpSocket.bind("127.0.0.1:0");
      }
      expect(Handle.current().driver(ioKey).openSockets()).toBeGreaterThan(0);
    });
    await turnUntil(() => descriptors() <= before);
  });
});

describe("a blockOn", () => {
  it("is kept alive by a socket that it waits for", async () => {
    const source = `
      import { Builder } from "@rt/core";
      import { TcpListener, TcpStream } from "@rt/net";
      const runtime = Builder.currentThread().build();
      const listener = await runtime.blockOn(TcpListener.bind("127.0.0.1:0"));
      const client = await runtime.blockOn(TcpStream.connect(listener.localAddr()));
      const [server] = await runtime.blockOn(listener.accept());
      listener.close();
      setTimeout(() => client.writeAll("late").then(() => {}), 50).unref();
      console.log(Buffer.from(await runtime.blockOn(server.readChunk())).toString());
      runtime.shutdownBackground();
    `;
    // The timer is not what keeps it alive, and comes because the socket does.
    expect(await outcome(source)).toEqual(["late\n", "", 0]);
  });

  it("gets a DeadlockError when nothing is open but streams that nobody reads", async () => {
    const source = `
      import { Builder, pending } from "@rt/core";
      import { TcpListener, TcpStream } from "@rt/net";
      const runtime = Builder.currentThread().build();
      const listener = await runtime.blockOn(TcpListener.bind("127.0.0.1:0"));
      const client = await runtime.blockOn(TcpStream.connect(listener.localAddr()));
      const [server] = await runtime.blockOn(listener.accept());
      listener.close();
      try { await runtime.blockOn(pending()); } catch (error) { console.log(error.name); }
      client.close();
      server.close();
    `;
    expect(await outcome(source)).toEqual([`${DeadlockError.name}\n`, "", 0]);
  });
});

describe("a process", () => {
  it.each([
    ["a read", "server.readChunk()", "server"],
    ["an accept", "listener.accept()", "listener"],
    ["a datagram", "udp.recv(new Uint8Array(1))", "udp"],
  ])("is kept alive after %s was given up, until it is closed, as Node does it", async (_what, wait, end) => {
    const source = `
      import { TcpListener, TcpStream, UdpSocket } from "@rt/net";
      const listener = await TcpListener.bind("127.0.0.1:0");
      const udp = await UdpSocket.bind("127.0.0.1:0");
      const client = await TcpStream.connect(listener.localAddr());
      const [server] = await listener.accept();
      const ends = { listener, udp, server, client };
      const { ${end}: end, ...others } = ends;
      const waiting = ${wait};
      waiting.poll({ waker: { wake() {} } });
      for (const other of Object.values(others)) if (other !== client || end !== server) other.close();
      setTimeout(() => {
        waiting.drop();
        setTimeout(() => { console.log("still here"); end.close(); client.close(); }, 50).unref();
      }, 50);
    `;
    expect(await outcome(source)).toEqual(["still here\n", "", 0]);
  });
});

describe("a TcpStream that is left to garbage collection, in debug mode,", () => {
  it("is closed and reported, with the peer seeing its end", async () => {
    const source = `
      import { TcpListener, TcpStream } from "@rt/net";
      const listener = await TcpListener.bind("127.0.0.1:0");
      let client = await TcpStream.connect(listener.localAddr());
      const [server] = await listener.accept();
      const read = server.readToString();
      client = null;
      for (let i = 0; i < 50; i += 1) { gc(); await new Promise((resolve) => setTimeout(resolve, 5)); }
      console.log(JSON.stringify(await read));
      server.close();
      listener.close();
    `;
    expect(await outcome(source, { RT_DEBUG: "1" })).toEqual([
      '""\n',
      expect.stringContaining("a TcpStream was collected without being closed"),
      0,
    ]);
  });
});

describe("what a task waits for", () => {
  it("is told in a few words", () =>
    run(function* () {
      using listener = yield* TcpListener.bind("127.0.0.1:0");
      using udp = yield* UdpSocket.bind("127.0.0.1:0");
      const [a, b] = yield* tcpPair();
      const words = [
        listener.accept(),
        udp.recv(new Uint8Array(1)),
        b.readable(),
        b.peek(new Uint8Array(1)),
        b.readChunk(),
      ].map((future) => {
        expect(future.poll(new TestWaker())).toBe(PENDING);
        const said = future.describe();
        future.drop();
        return said;
      });
      expect(words).toEqual([
        "a connection to a TcpListener",
        "a datagram",
        "a TcpStream to be readable",
        "data to peek at in a TcpStream",
        "data to read from a TcpStream",
      ]);
      a.close();
      b.close();
    }));
});

/** What a program says, and how it ends. */
async function outcome(source: string, env = {}): Promise<[out: string, err: string, code: number | null]> {
  const args = [...process.execArgv, "--expose-gc", "--input-type=module", "--eval", source];
  const child = spawnProcess(process.execPath, args, {
    cwd: new URL("..", import.meta.url),
    env: { ...process.env, NODE_OPTIONS: "", RT_DEBUG: "", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise<number | null>((resolve) => void child.once("close", resolve));
  const [out, err] = await Promise.all([textOf(child.stdout), textOf(child.stderr)]);
  return [out, err, await ended];
}
