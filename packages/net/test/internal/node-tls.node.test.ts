import { readFileSync } from "node:fs";
import { type Async, spawn } from "@rt/core";
import { TlsAcceptor, TlsConnector, type TlsStream } from "@rt/net";
import { describe, expect, it } from "vitest";
import type { NodeStream } from "../../src/internal/sys/node-stream.ts";
import { fill, run, tcpPair, turns, until } from "../support/net.ts";

const key = readFileSync(new URL("../fixtures/key.pem", import.meta.url));
const cert = readFileSync(new URL("../fixtures/cert.pem", import.meta.url));

function* pair(): Async<[TlsStream, TlsStream]> {
  const [a, b] = yield* tcpPair();
  const accepting = spawn(new TlsAcceptor({ key, cert }).accept(b));
  const client = yield* new TlsConnector({ ca: cert }).connect("localhost", a);
  return [client, yield* accepting];
}

describe("an encrypted stream that was closed", () => {
  it("is gone when the peer has said nothing for a while", () =>
    run(function* () {
      const [own, peer] = yield* pair();
      const { _socket: socket } = own._io() as NodeStream;
      own.close();
      yield* turns();
      expect([socket.destroyed, socket.timeout]).toEqual([false, 2_000]);
      socket.emit("timeout");
      expect(socket.destroyed).toBe(true);
      peer.close();
    }));

  it("waits longer for what the peer is slow to take", () =>
    run(function* () {
      const [own, peer] = yield* pair();
      const { _socket: socket } = own._io() as NodeStream;
      yield* fill(own);
      own.close();
      yield* turns();
      expect([socket.destroyed, socket.timeout]).toEqual([false, 60_000]);
      while ((yield* peer.readChunk()) !== undefined);
      yield* until(() => socket.timeout === 2_000 || socket.destroyed);
      peer.close();
    }));

  it("is gone when the peer does not stop sending", () =>
    run(function* () {
      const [own, peer] = yield* pair();
      const source = own._io() as NodeStream & { _until: number };
      own.close();
      yield* peer.writeAll("x");
      yield* turns();
      expect(source._socket.destroyed).toBe(false);
      source._until = 0;
      yield* peer.writeAll("x");
      yield* until(() => source._socket.destroyed);
      peer.close();
    }));

  it("is gone at once when both have said the end", () =>
    run(function* () {
      const [own, peer] = yield* pair();
      const source = own._io() as NodeStream;
      yield* own.shutdown();
      yield* peer.shutdown();
      while ((yield* own.readChunk()) !== undefined);
      own.close();
      expect(source._socket.destroyed).toBe(true);
      peer.close();
    }));
});
