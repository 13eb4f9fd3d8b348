/** Ends of encrypted streams: what was written arrives, what comes is read, and nothing stays open. */
import { readFileSync } from "node:fs";
import { type Async, spawn } from "@rt/core";
import { type AsyncRead, type AsyncWrite, duplex, Join } from "@rt/io";
import { TlsAcceptor, TlsConnector, type TlsStream, UnixStream } from "@rt/net";
import { describe, expect, it } from "vitest";
import { LANES, run, tcpPair, turns, until } from "./support/net.ts";
import { descriptors, openSockets } from "./support/programs.ts";

const key = readFileSync(new URL("fixtures/key.pem", import.meta.url));
const cert = readFileSync(new URL("fixtures/cert.pem", import.meta.url));

type Io = AsyncRead & AsyncWrite;

/** What TLS is spoken over: a socket that Node takes over, and streams that it can't. */
const UNDER: Record<string, () => Async<[Io, Io]>> = {
  *TCP() {
    return yield* tcpPair();
  },
  *"a Unix socket"() {
    return yield* UnixStream.pair();
  },
  // oxlint-disable-next-line require-yield -- as the others
  *"a stream in memory"() {
    return duplex(64 * 1024);
  },
  *"halves put together"() {
    const [a, b] = yield* tcpPair();
    return [new Join(...a.intoSplit()), new Join(...b.intoSplit())];
  },
};

const VERSIONS = ["TLSv1.2", "TLSv1.3"] as const;
const ENDS = ["client", "server"] as const;
const CASES = VERSIONS.flatMap((version) =>
  ENDS.flatMap((end) => Object.entries(UNDER).map(([name, make]) => ({ version, end, name, make }))),
);
type Case = (typeof CASES)[number];

/** The end that the test is about, and its peer. */
function* pair({ version, end, make }: Case): Async<[TlsStream, TlsStream]> {
  const [a, b] = yield* make();
  const accepting = spawn(new TlsAcceptor({ key, cert, maxVersion: version }).accept(b));
  const client = yield* new TlsConnector({ ca: cert }).connect("localhost", a);
  const server = yield* accepting;
  return end === "client" ? [client, server] : [server, client];
}

function* countTo(stream: TlsStream, from = 0): Async<number> {
  let total = from;
  for (let chunk; (chunk = yield* stream.readChunk()) !== undefined; ) total += chunk.length;
  return total;
}

const TCP = CASES.find(
  ({ name, end, version }) => name === "TCP" && end === "server" && version === "TLSv1.3",
) as Case;

describe("TlsStream.close", () => {
  it.each(CASES)(
    "lets what was written arrive while the peer's bytes are unread: $version, the $end, over $name",
    (one) =>
      run(function* () {
        for (const unread of [0, 1_000, 100_000]) {
          const [own, peer] = yield* pair(one);
          if (unread > 0) yield* peer.writeAll(new Uint8Array(unread));
          yield* turns(3);
          yield* own.writeAll(new Uint8Array(30_000));
          own.close();
          expect(yield* countTo(peer)).toBe(30_000);
          peer.close();
        }
        yield* until(() => openSockets() === 0);
      }),
  );

  it("lets what tryWrite took arrive as well", () =>
    run(function* () {
      const [own, peer] = yield* pair(TCP);
      yield* peer.writeAll(new Uint8Array(100_000));
      yield* turns(3);
      let total = 0;
      for (let count; (count = own.tryWrite(new Uint8Array(64 * 1024))) !== null; ) total += count;
      own.close();
      expect(yield* countTo(peer)).toBe(total);
      peer.close();
    }));

  it("takes what still comes, so that a peer that is writing hears no reset", () =>
    run(function* () {
      const [own, peer] = yield* pair(TCP);
      yield* own.writeAll("bye");
      own.close();
      yield* peer.writeAll(new Uint8Array(5_000_000));
      expect(yield* peer.readToString()).toBe("bye");
      peer.close();
    }));

  it.runIf(process.platform === "linux").each(VERSIONS)(
    "leaves no descriptor, a hundred times, in %s",
    (version) =>
      run(function* () {
        yield* turns(); // those of other tests go
        const before = descriptors();
        for (let i = 0; i < 100; i += 1) {
          const [own, peer] = yield* pair({ ...TCP, version });
          yield* peer.writeAll(new Uint8Array(10_000));
          yield* own.writeAll("bye");
          own.close();
          // Some read to the end first, some close at once, some shut down.
          if (i % 3 === 0) yield* peer.readToEnd();
          else if (i % 3 === 1) yield* peer.shutdown();
          peer.close();
        }
        expect(openSockets()).toBe(0);
        yield* until(() => descriptors() <= before);
      }),
  );
});

describe("TlsStream.shutdown", () => {
  const sizes = [1_000, 400_000, 2_000_000];

  it.each(CASES)("goes on reading, before anything came: $version, the $end, over $name", (one) =>
    run(function* () {
      for (const size of sizes) {
        const [own, peer] = yield* pair(one);
        const writing = spawn(function* () {
          yield* peer.writeAll(new Uint8Array(size));
          yield* peer.shutdown();
        });
        yield* own.shutdown();
        expect(yield* countTo(own)).toBe(size);
        yield* writing;
        expect(yield* peer.readChunk()).toBeUndefined();
        own.close();
        peer.close();
      }
    }),
  );

  it.each(CASES)("goes on reading, between two chunks: $version, the $end, over $name", (one) =>
    run(function* () {
      for (const lane of LANES)
        for (const size of sizes) {
          const [own, peer] = yield* pair(one);
          const writing = spawn(function* () {
            yield* peer.writeAll(new Uint8Array(size));
            yield* peer.shutdown();
          });
          const first = yield* lane === "async"
            ? spawn(() => firstThenShutdownAsync(own))
            : spawn(firstThenShutdown(own));
          expect(yield* countTo(own, first)).toBe(size);
          yield* writing;
          own.close();
          peer.close();
        }
    }),
  );

  it.each(CASES)("goes on reading when all of it has come: $version, the $end, over $name", (one) =>
    run(function* () {
      const [own, peer] = yield* pair(one);
      yield* peer.writeAll(new Uint8Array(10_000));
      yield* peer.shutdown();
      yield* turns();
      yield* own.writeAll("x");
      yield* own.shutdown();
      yield* turns();
      expect(yield* countTo(own)).toBe(10_000);
      expect(yield* peer.readToString()).toBe("x");
      own.close();
      peer.close();
    }),
  );

  it("goes on reading in a half of one's own", () =>
    run(function* () {
      const [own, peer] = yield* pair(TCP);
      const writing = spawn(peer.writeAll(new Uint8Array(1_000_000)));
      const [read, write] = own.intoSplit();
      const first = (yield* read.readChunk()) as Uint8Array;
      write[Symbol.dispose]();
      expect((yield* read.readExact(1_000_000 - first.length)).length).toBe(1_000_000 - first.length);
      yield* writing;
      read[Symbol.dispose]();
      peer.close();
    }));
});

function* firstThenShutdown(stream: TlsStream): Async<number> {
  const chunk = yield* stream.readChunk();
  yield* stream.shutdown();
  return chunk?.length ?? 0;
}

async function firstThenShutdownAsync(stream: TlsStream): Promise<number> {
  const chunk = await stream.readChunk();
  await stream.shutdown();
  return chunk?.length ?? 0;
}
