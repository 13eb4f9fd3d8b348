import { closeSync, constants, existsSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execFileSync } from "node:child_process";
import { PENDING, spawn } from "@rt/core";
import { ReadBuf } from "@rt/io";
import {
  AsyncFd,
  Interest,
  NamedPipeClient,
  NamedPipeServer,
  pipe,
  PipeOpenOptions,
  PipeReceiver,
  PipeSender,
  UnixDatagram,
  UnixListener,
  UnixSocket,
  UnixSocketAddr,
  UnixStream,
} from "@rt/net";
import { afterAll, describe, expect, it } from "vitest";
import {
  failureOf,
  inLane,
  LANES,
  run,
  TestWaker,
  text,
  thrownBy,
  turns,
  until,
  utf8,
} from "./support/net.ts";

const folder = mkdtempSync(join(tmpdir(), "rt-net-"));
afterAll(() => rmSync(folder, { recursive: true }));
let made = 0;
const fresh = (): string => join(folder, `${(made += 1)}`);

describe("UnixListener", () => {
  it.each(LANES)("makes the file, accepts, and names both ends, in the %s lane", (lane) =>
    run(function* () {
      const path = fresh();
      using listener = yield* inLane(lane, () => UnixListener.bind(path));
      expect(existsSync(path)).toBe(true);
      const accepting = inLane(lane, () => listener.accept());
      using client = yield* inLane(lane, () => UnixStream.connect(path));
      const [server, peer] = yield* accepting;
      expect(peer.isUnnamed()).toBe(true);
      expect(listener.localAddr().asPathname()).toBe(path);
      expect(client.peerAddr().asPathname()).toBe(path);
      expect(client.localAddr().isUnnamed()).toBe(true);
      expect(server.localAddr().asPathname()).toBe(path);
      expect(server.peerAddr().isUnnamed()).toBe(true);
      expect(listener.takeError()).toBeNull();
      server.close();
    }),
  );

  it("removes the file when it is closed", () =>
    run(function* () {
      const path = fresh();
      const listener = yield* UnixListener.bind(path);
      listener.close();
      yield* until(() => !existsSync(path));
    }));

  it("throws AddrInUse for a path that is there", () =>
    run(function* () {
      const path = fresh();
      writeFileSync(path, "");
      expect(yield* failureOf(UnixListener.bind(path))).toMatchObject({ kind: "AddrInUse", address: path });
    }));

  it("polls by hand", () =>
    run(function* () {
      using listener = yield* UnixListener.bind(fresh());
      const cx = new TestWaker();
      expect(listener.pollAccept(cx)).toBe(PENDING);
      using _client = yield* UnixStream.connect(listener.localAddr());
      yield* until(() => cx.count > 0);
      const accepted = listener.pollAccept(cx);
      if (accepted === PENDING) throw new Error("It was woken");
      accepted[0].close();
    }));

  it.runIf(process.platform === "linux")("takes abstract names", () =>
    run(function* () {
      const name = UnixSocketAddr.fromAbstractName(`rt-test-${process.pid}`);
      using listener = yield* UnixListener.bind(name);
      expect(listener.localAddr().asAbstractName()).toBe(`rt-test-${process.pid}`);
      expect(listener.localAddr().asPathname()).toBeUndefined();
      using _client = yield* UnixStream.connect(name);
      const [server] = yield* listener.accept();
      server.close();
    }),
  );

  it("gives up the wait of a loop at return(), and leaves the next stream to the next accept()", async () => {
    const path = fresh();
    using listener = await UnixListener.bind(path);
    const iterator = listener[Symbol.asyncIterator]();
    const next = iterator.next();
    await iterator.return();
    using _client = await UnixStream.connect(path);
    expect(await next).toEqual({ done: true, value: undefined });
    (await listener.accept())[0].close();
  });
});

describe("UnixStream", () => {
  it("throws NotFound where nobody listens", () =>
    run(function* () {
      const path = fresh();
      expect(yield* failureOf(UnixStream.connect(path))).toMatchObject({
        kind: "NotFound",
        code: "ENOENT",
        syscall: "connect",
        address: path,
      });
    }));

  it("refuses what is no path", () => {
    expect(thrownBy(() => UnixStream.connect(""))).toMatchObject({ kind: "InvalidInput" });
    expect(thrownBy(() => UnixStream.connect("a\0b"))).toMatchObject({ kind: "InvalidInput" });
    expect(thrownBy(() => UnixStream.connect(7 as never))).toBeInstanceOf(TypeError);
  });

  it.each(LANES)("comes as a pair, in the %s lane", (lane) =>
    run(function* () {
      const [a, b] = yield* inLane(lane, () => UnixStream.pair());
      expect([a.localAddr().isUnnamed(), b.peerAddr().isUnnamed()]).toEqual([true, true]);
      yield* a.writeAll("ping");
      expect(text(yield* b.readChunk())).toBe("ping");
      yield* b.shutdown();
      expect(yield* a.readToString()).toBe("");
      a.close();
      b.close();
    }),
  );

  it("tells those who wait that the peer has gone", () =>
    run(function* () {
      const [a, b] = yield* UnixStream.pair();
      const reading = spawn(b.readChunk());
      const waiting = spawn(b.ready(Interest.READABLE));
      yield* turns(2);
      a.close();
      expect(yield* reading).toBeUndefined();
      expect((yield* waiting).isReadClosed()).toBe(true);
      b.close();
    }));

  it("has the operations of every stream", () =>
    run(function* () {
      const [a, b] = yield* UnixStream.pair();
      const buf = new Uint8Array(8);
      expect(b.tryRead(buf)).toBeNull();
      expect(a.tryWrite(utf8("abcdef"))).toBe(6);
      yield* b.readable();
      expect(yield* b.peek(buf)).toBe(6);
      expect(b.tryReadVectored([new Uint8Array(1), new Uint8Array(1)])).toBe(2);
      expect(b.tryReadBuf(new ReadBuf(new Uint8Array(2)))).toBe(2);
      expect(b.tryIo(Interest.READABLE, () => b.tryRead(buf))).toBe(2);
      expect(b.takeError()).toBeNull();
      yield* a.writable();
      expect(yield* a.writeVectored([utf8("x"), utf8("y")])).toBe(2);
      expect(yield* b.asyncIo(Interest.READABLE, () => b.tryRead(buf))).toBe(2);
      a.close();
      b.close();
    }));

  it("can't tell the credentials of its peer", () =>
    run(function* () {
      const [a, b] = yield* UnixStream.pair();
      expect(thrownBy(() => a.peerCred())).toMatchObject({ code: "ERR_RT_UNSUPPORTED" });
      a.close();
      b.close();
    }));
});

describe("UnixSocket", () => {
  it("listens and connects", () =>
    run(function* () {
      const path = fresh();
      const socket = UnixSocket.newStream();
      socket.bind(path);
      using listener = yield* socket.listen(16);
      using client = yield* UnixSocket.newStream().connect(path);
      expect(client.peerAddr().asPathname()).toBe(listener.localAddr().asPathname());
      expect(thrownBy(() => socket.listen(1))).toMatchObject({ code: "ERR_RT_DISPOSED" });
    }));

  it("can't be a client with a name", () => {
    const socket = UnixSocket.newStream();
    socket.bind(fresh());
    expect(thrownBy(() => socket.connect(fresh()))).toMatchObject({ code: "ERR_RT_UNSUPPORTED" });
  });
});

describe("UnixSocketAddr", () => {
  it("is exactly one of three", () => {
    const forms = (addr: UnixSocketAddr) => [addr.isUnnamed(), addr.asPathname(), addr.asAbstractName()];
    expect(forms(UnixSocketAddr.fromAbstractName("x"))).toEqual([false, undefined, "x"]);
    expect(String(UnixSocketAddr.fromAbstractName("x"))).toBe("@x");
  });
});

describe("what Node has not", () => {
  it.each([
    ["UnixDatagram.bind", () => UnixDatagram.bind("/x")],
    ["UnixDatagram.pair", () => UnixDatagram.pair()],
    ["UnixDatagram.unbound", () => UnixDatagram.unbound()],
    ["UnixSocket.newDatagram", () => UnixSocket.newDatagram()],
    ["UnixSocket.datagram", () => UnixSocket.newStream().datagram()],
    ["AsyncFd.register", () => AsyncFd.register(0)],
    ["pipe", () => pipe()],
  ])("throws ERR_RT_UNSUPPORTED from %s", (_name, call) => {
    expect(thrownBy(call)).toMatchObject({ code: "ERR_RT_UNSUPPORTED", kind: "Unsupported" });
  });

  it.skipIf(process.platform === "win32")(
    "throws ERR_RT_UNSUPPORTED for named pipes of Windows elsewhere",
    () => {
      expect(thrownBy(() => NamedPipeClient.open(String.raw`\\.\pipe\x`))).toMatchObject({
        code: "ERR_RT_UNSUPPORTED",
      });
      expect(thrownBy(() => NamedPipeServer.create(String.raw`\\.\pipe\x`))).toMatchObject({
        code: "ERR_RT_UNSUPPORTED",
      });
    },
  );
});

describe.skipIf(process.platform === "win32")("PipeOpenOptions", () => {
  function fifo(): string {
    const path = fresh();
    execFileSync("mkfifo", [path]);
    return path;
  }

  it.each(LANES)("opens both ends of a FIFO, in the %s lane", (lane) =>
    run(function* () {
      const path = fifo();
      using receiver = new PipeOpenOptions().openReceiver(path);
      const sender = new PipeOpenOptions().openSender(path);
      const reading = inLane(lane, () => receiver.readToString());
      yield* inLane(lane, () => sender.writeAll("through the pipe"));
      sender.close();
      expect(yield* reading).toBe("through the pipe");
    }),
  );

  it("throws ENXIO for a sender without a receiver", () => {
    expect(thrownBy(() => new PipeOpenOptions().openSender(fifo()))).toMatchObject({ code: "ENXIO" });
  });

  it.runIf(process.platform === "linux")("needs no receiver with readWrite", () =>
    run(function* () {
      const path = fifo();
      using sender = new PipeOpenOptions().readWrite(true).openSender(path);
      yield* sender.writeAll("early");
      using receiver = new PipeOpenOptions().openReceiver(path);
      expect(text(yield* receiver.readExact(5))).toBe("early");
    }),
  );

  it.runIf(process.platform === "linux")("shows no end with readWrite", () =>
    run(function* () {
      const path = fifo();
      using receiver = new PipeOpenOptions().readWrite(true).openReceiver(path);
      const sender = new PipeOpenOptions().openSender(path);
      yield* sender.writeAll("x");
      sender.close();
      expect(text(yield* receiver.readChunk())).toBe("x");
      const more = receiver.readChunk();
      expect(more.poll(new TestWaker())).toBe(PENDING);
      yield* turns();
      expect(more.poll(new TestWaker())).toBe(PENDING);
      more.drop();
    }),
  );

  it("throws InvalidInput for what is no FIFO, unless unchecked", () => {
    const path = fresh();
    writeFileSync(path, "");
    expect(thrownBy(() => new PipeOpenOptions().openReceiver(path))).toMatchObject({ kind: "InvalidInput" });
    expect(thrownBy(() => new PipeOpenOptions().unchecked(true).openReceiver(path))).not.toMatchObject({
      kind: "InvalidInput",
      code: "ERR_RT_IO_INVALID_INPUT",
    });
  });

  it("throws NotFound for a path that is not there", () => {
    expect(thrownBy(() => new PipeOpenOptions().openReceiver(fresh()))).toMatchObject({
      kind: "NotFound",
      syscall: "open",
    });
  });

  it("tells the sender when the receiver has gone", () =>
    run(function* () {
      const path = fifo();
      const receiver = new PipeOpenOptions().openReceiver(path);
      using sender = new PipeOpenOptions().openSender(path);
      receiver.close();
      yield* turns();
      expect(yield* failureOf(sender.writeAll("x"))).toMatchObject({ kind: "BrokenPipe" });
    }));

  it("has the operations of readiness", () =>
    run(function* () {
      const path = fifo();
      using receiver = new PipeOpenOptions().openReceiver(path);
      using sender = new PipeOpenOptions().openSender(path);
      const buf = new Uint8Array(8);
      expect(receiver.tryRead(buf)).toBeNull();
      expect(receiver.tryIo(() => 1)).toBeNull();
      yield* sender.writable();
      expect(sender.tryIo(() => sender.tryWrite(utf8("abc")))).toBe(3);
      yield* receiver.readable();
      expect((yield* receiver.ready(Interest.READABLE)).isReadable()).toBe(true);
      expect((yield* sender.ready(Interest.WRITABLE)).isWritable()).toBe(true);
      expect(receiver.tryReadBuf(new ReadBuf(new Uint8Array(1)))).toBe(1);
      expect(yield* receiver.asyncIo(() => receiver.tryRead(buf))).toBe(2);
      expect(yield* sender.asyncIo(() => sender.tryWrite(utf8("d")))).toBe(1);
      expect(yield* sender.writeVectored([utf8("e"), utf8("f")])).toBe(2);
      yield* sender.shutdown();
      expect(yield* receiver.readToString()).toBe("def");
    }));

  it("takes descriptors over, and refuses those that are none of pipes", () =>
    run(function* () {
      const path = fifo();
      const { O_RDWR, O_NONBLOCK } = constants;
      using receiver = PipeReceiver.fromFd(openSync(path, O_RDWR | O_NONBLOCK));
      using sender = PipeSender.fromFd(openSync(path, O_RDWR | O_NONBLOCK), { unchecked: true });
      yield* sender.writeAll("x");
      expect(text(yield* receiver.readChunk())).toBe("x");
      const file = openSync(fresh(), "w");
      expect(thrownBy(() => PipeSender.fromFd(file))).toMatchObject({ kind: "InvalidInput" });
      closeSync(file);
    }));

  it("throws ERR_RT_DISPOSED once closed", () => {
    const path = fifo();
    const receiver = new PipeOpenOptions().openReceiver(path);
    const sender = new PipeOpenOptions().openSender(path);
    sender.close();
    receiver.close();
    expect(thrownBy(() => receiver.tryRead(new Uint8Array(1)))).toMatchObject({ code: "ERR_RT_DISPOSED" });
    expect(thrownBy(() => sender.tryWrite(new Uint8Array(1)))).toMatchObject({ code: "ERR_RT_DISPOSED" });
  });
});
