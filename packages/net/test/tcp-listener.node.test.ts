import { spawn as spawnProcess } from "node:child_process";
import { once } from "node:events";
import { Builder, PENDING, spawn, UsageError } from "@rt/core";
import { isRtShutdownErr } from "@rt/io";
import { IoDriver, ioKey, SocketAddr, TcpListener, TcpSocket, TcpStream } from "@rt/net";
import { describe, expect, it } from "vitest";
import { failureOf, inLane, LANES, run, TestWaker, text, thrownBy, turns, until } from "./support/net.ts";

describe("TcpListener.bind", () => {
  it("takes a free port for port 0", () =>
    run(function* () {
      using listener = yield* TcpListener.bind("127.0.0.1:0");
      expect(listener.localAddr().port).toBeGreaterThan(0);
      expect(listener.localAddr().address).toBe("127.0.0.1");
    }));

  it.each(LANES)("throws AddrInUse with what Node tells, in the %s lane", (lane) =>
    run(function* () {
      using listener = yield* TcpListener.bind("127.0.0.1:0");
      const { port } = listener.localAddr();
      expect(yield* failureOf(inLane(lane, () => TcpListener.bind(["127.0.0.1", port])))).toMatchObject({
        kind: "AddrInUse",
        code: "EADDRINUSE",
        syscall: "listen",
        address: "127.0.0.1",
        port,
      });
    }),
  );

  it("throws AddrNotAvailable for an address that is not ours", () =>
    run(function* () {
      expect(yield* failureOf(TcpListener.bind("192.0.2.1:0"))).toMatchObject({ kind: "AddrNotAvailable" });
    }));

  it("tries several addresses in order", () =>
    run(function* () {
      using taken = yield* TcpListener.bind("127.0.0.1:0");
      using listener = yield* TcpListener.bind([taken.localAddr(), ["127.0.0.1", 0]]);
      expect(listener.localAddr().port).not.toBe(taken.localAddr().port);
    }));

  it("throws InvalidInput for what is no address", () =>
    run(function* () {
      for (const bad of ["127.0.0.1", "127.0.0.1:70000", "127.0.0.1:x", ":80"])
        expect(yield* failureOf(TcpListener.bind(bad))).toMatchObject({ kind: "InvalidInput" });
    }));

  it("works outside of any task, on the default runtime", async () => {
    using listener = await TcpListener.bind("127.0.0.1:0");
    expect(listener.localAddr()).toBeInstanceOf(SocketAddr);
  });

  it("fails with isRtShutdownErr on a runtime that has shut down", async () => {
    const runtime = Builder.currentThread().addDriver(ioKey).build();
    runtime.shutdownBackground();
    using _entered = runtime.enter();
    expect(isRtShutdownErr(thrownBy(() => TcpListener.bind("127.0.0.1:0").poll(new TestWaker())))).toBe(true);
  });

  it("closes the socket when it is dropped", () =>
    run(function* () {
      const binding = TcpListener.bind("127.0.0.1:0");
      expect(binding.poll(new TestWaker())).toBe(PENDING);
      binding.drop();
      yield* turns();
    }));
});

describe("TcpListener.accept", () => {
  it.each(LANES)("gives the stream and the address of its peer, in the %s lane", (lane) =>
    run(function* () {
      using listener = yield* TcpListener.bind("127.0.0.1:0");
      const accepting = inLane(lane, () => listener.accept());
      using client = yield* TcpStream.connect(listener.localAddr());
      const [server, peer] = yield* accepting;
      expect(peer).toEqual(client.localAddr());
      server.close();
    }),
  );

  it("gives a connection that comes after a drop to the next call", () =>
    run(function* () {
      using listener = yield* TcpListener.bind("127.0.0.1:0");
      const dropped = listener.accept();
      expect(dropped.poll(new TestWaker())).toBe(PENDING);
      dropped.drop();
      using _client = yield* TcpStream.connect(listener.localAddr());
      const [server] = yield* listener.accept();
      server.close();
    }));

  it("passes a connection on when the one who was woken for it is dropped", () =>
    run(function* () {
      using listener = yield* TcpListener.bind("127.0.0.1:0");
      const [first, second] = [listener.accept(), listener.accept()];
      const [a, b] = [new TestWaker(), new TestWaker()];
      expect(first.poll(a)).toBe(PENDING);
      expect(second.poll(b)).toBe(PENDING);
      using _client = yield* TcpStream.connect(listener.localAddr());
      yield* until(() => a.count === 1);
      expect(b.count).toBe(0);
      first.drop();
      expect(b.count).toBe(1);
      const [server] = yield* second;
      server.close();
    }));

  it("serves several tasks that wait", () =>
    run(function* () {
      using listener = yield* TcpListener.bind("127.0.0.1:0");
      const accepting = [1, 2, 3].map(() => spawn(listener.accept()));
      const clients: TcpStream[] = [];
      for (let i = 0; i < 3; i += 1) clients.push(yield* TcpStream.connect(listener.localAddr()));
      const peers: string[] = [];
      for (const each of accepting) {
        const [server, peer] = yield* each;
        peers.push(String(peer));
        server.close();
      }
      expect(peers.toSorted()).toEqual(clients.map((client) => String(client.localAddr())).toSorted());
      for (const client of clients) client.close();
    }));

  it("gives connections in the order in which they came", () =>
    run(function* () {
      using listener = yield* TcpListener.bind("127.0.0.1:0");
      const clients: TcpStream[] = [];
      for (let i = 0; i < 5; i += 1) clients.push(yield* TcpStream.connect(listener.localAddr()));
      for (const client of clients) {
        const [server, peer] = yield* listener.accept();
        expect(peer).toEqual(client.localAddr());
        server.close();
        client.close();
      }
    }));

  it("skips connections that were reset before anybody asked", () =>
    run(function* () {
      using listener = yield* TcpListener.bind("127.0.0.1:0");
      const gone = yield* TcpStream.connect(listener.localAddr());
      gone.setZeroLinger();
      gone.close();
      yield* turns();
      using client = yield* TcpStream.connect(listener.localAddr());
      const [server, peer] = yield* listener.accept();
      // Accepted before the reset came, it is given away, and tells with the first read.
      if (String(peer) === String(client.localAddr())) expect(server.takeError()).toBeNull();
      else expect(yield* failureOf(server.readChunk())).toMatchObject({ kind: "ConnectionReset" });
      server.close();
    }));

  it("leaves what a client sent, and its end, to be read although it has gone", () =>
    run(function* () {
      using listener = yield* TcpListener.bind("127.0.0.1:0");
      const client = yield* TcpStream.connect(listener.localAddr());
      yield* client.writeAll("posted");
      client.close();
      yield* turns();
      const [server] = yield* listener.accept();
      expect(yield* server.readToString()).toBe("posted");
      server.close();
    }));

  it("resets connections beyond the backlog, and gives those before it", () =>
    run(function* () {
      const socket = TcpSocket.newV4();
      socket.bind("127.0.0.1:0");
      using listener = yield* socket.listen(2);
      const clients: TcpStream[] = [];
      for (let i = 0; i < 2; i += 1) clients.push(yield* TcpStream.connect(listener.localAddr()));
      // While it connects, or right behind it.
      const third = spawn(function* () {
        using client = yield* TcpStream.connect(listener.localAddr());
        yield* client.readChunk();
      });
      expect(yield* failureOf(third)).toMatchObject({ kind: "ConnectionReset" });
      for (const client of clients) {
        const [server, peer] = yield* listener.accept();
        expect(peer).toEqual(client.localAddr());
        server.close();
        client.close();
      }
    }));

  it("is an async iterable of streams", async () => {
    using listener = await TcpListener.bind("127.0.0.1:0");
    using client = await TcpStream.connect(listener.localAddr());
    for await (const server of listener) {
      expect(server.peerAddr()).toEqual(client.localAddr());
      server.close();
      break;
    }
  });

  it("gives up the wait of a loop at return(), and leaves the next stream to the next accept()", async () => {
    using listener = await TcpListener.bind("127.0.0.1:0");
    const iterator = listener[Symbol.asyncIterator]();
    const nexts = [iterator.next(), iterator.next()];
    await iterator.return();
    using client = await TcpStream.connect(listener.localAddr());
    const done = { done: true, value: undefined };
    expect(await Promise.all(nexts)).toEqual([done, done]);
    const [server, peer] = await listener.accept();
    server.close();
    expect(peer).toEqual(client.localAddr());
  });
});

describe("TcpListener.pollAccept", () => {
  it("wakes only the waker of the last poll, once", () =>
    run(function* () {
      using listener = yield* TcpListener.bind("127.0.0.1:0");
      const [old, last] = [new TestWaker(), new TestWaker()];
      expect(listener.pollAccept(old)).toBe(PENDING);
      expect(listener.pollAccept(last)).toBe(PENDING);
      using _one = yield* TcpStream.connect(listener.localAddr());
      using _two = yield* TcpStream.connect(listener.localAddr());
      yield* turns();
      expect([old.count, last.count]).toEqual([0, 1]);
      for (let i = 0; i < 2; i += 1) {
        const accepted = listener.pollAccept(last);
        if (accepted === PENDING) throw new Error("There are two");
        accepted[0].close();
      }
    }));
});

describe("TcpListener.close", () => {
  it("frees the port", () =>
    run(function* () {
      const listener = yield* TcpListener.bind("127.0.0.1:0");
      const addr = listener.localAddr();
      listener.close();
      using _again = yield* TcpListener.bind(addr);
    }));

  it("ends a pending accept with ERR_RT_DISPOSED", () =>
    run(function* () {
      const listener = yield* TcpListener.bind("127.0.0.1:0");
      const accepting = spawn(failureOf(listener.accept()));
      yield* turns(2);
      listener.close();
      expect(yield* accepting).toMatchObject({ code: "ERR_RT_DISPOSED" });
    }));

  it("resets connections that nobody has asked for", () =>
    run(function* () {
      const listener = yield* TcpListener.bind("127.0.0.1:0");
      using client = yield* TcpStream.connect(listener.localAddr());
      yield* turns();
      listener.close();
      expect(yield* failureOf(client.readChunk())).toMatchObject({ kind: "ConnectionReset" });
    }));

  it("leaves accepted connections alone", () =>
    run(function* () {
      const listener = yield* TcpListener.bind("127.0.0.1:0");
      using client = yield* TcpStream.connect(listener.localAddr());
      using server = (yield* listener.accept())[0];
      listener.close();
      yield* client.writeAll("x");
      expect(text(yield* server.readChunk())).toBe("x");
    }));

  it("may be repeated, and makes every use throw ERR_RT_DISPOSED", () =>
    run(function* () {
      const listener = yield* TcpListener.bind("127.0.0.1:0");
      listener.close();
      listener.close();
      expect(yield* failureOf(listener.accept())).toBeInstanceOf(UsageError);
      expect(thrownBy(() => listener.localAddr())).toBeInstanceOf(UsageError);
    }));

  it("has no way to tell the TTL", () =>
    run(function* () {
      using listener = yield* TcpListener.bind("127.0.0.1:0");
      expect(thrownBy(() => listener.ttl())).toMatchObject({ code: "ERR_RT_UNSUPPORTED" });
      expect(thrownBy(() => listener.setTtl(5))).toMatchObject({ code: "ERR_RT_UNSUPPORTED" });
    }));
});

describe("a runtime that shuts down under a listener", () => {
  it("ends a pending accept with isRtShutdownErr", async () => {
    const runtime = Builder.currentThread().build();
    const listener = await runtime.blockOn(TcpListener.bind("127.0.0.1:0"));
    const cx = new TestWaker();
    expect(listener.pollAccept(cx)).toBe(PENDING);
    runtime.shutdownBackground();
    expect(cx.count).toBe(1);
    expect(isRtShutdownErr(thrownBy(() => listener.pollAccept(cx)))).toBe(true);
  });

  it("frees the port on shutdown", async () => {
    const runtime = Builder.currentThread().build();
    const listener = await runtime.blockOn(TcpListener.bind("127.0.0.1:0"));
    const addr = listener.localAddr();
    runtime.shutdownBackground();
    using _again = await TcpListener.bind(addr);
  });
});

describe("IoDriver", () => {
  it("is installed by the first socket, and knows how many are open", async () => {
    const runtime = Builder.currentThread().build();
    await runtime.blockOn(function* () {
      const listener = yield* TcpListener.bind("127.0.0.1:0");
      const driver = runtime.handle().driver(ioKey);
      expect(driver).toBeInstanceOf(IoDriver);
      const client = yield* TcpStream.connect(listener.localAddr());
      const [server] = yield* listener.accept();
      expect(driver.openSockets()).toBe(3);
      client.close();
      server.close();
      listener.close();
      expect(driver.openSockets()).toBe(0);
    });
    runtime.shutdownBackground();
  });
});

describe("a process without descriptors", () => {
  it("goes on accepting once there are descriptors again", { timeout: 30_000 }, async () => {
    const child = spawnProcess(
      "bash",
      [
        "-c",
        'ulimit -n 64; exec "$@"',
        "bash",
        process.execPath,
        ...process.execArgv,
        "test/fixtures/exhausted.ts",
      ],
      { stdio: ["ignore", "pipe", "inherit"], cwd: new URL("..", import.meta.url) },
    );
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    const [code] = (await once(child, "close")) as [number];
    expect(output.trim().split("\n").at(-1)).toBe("answered");
    expect(code).toBe(0);
  });
});
