/** Whatever two sides do with an encrypted connection, its two directions are FIFOs of bytes, and every wait ends. */
import { readFileSync } from "node:fs";
import { type Async, spawn } from "@rt/core";
import { TlsAcceptor, TlsConnector, type TlsStream } from "@rt/net";
import { describe, expect, it } from "vitest";
import { tcpPair, turnUntil, until } from "./support/net.ts";
import { checkPrograms, descriptors, openSockets, watched } from "./support/programs.ts";
import { play, program, type Program, type Report } from "./support/stream-programs.ts";

const key = readFileSync(new URL("fixtures/key.pem", import.meta.url));
const cert = readFileSync(new URL("fixtures/cert.pem", import.meta.url));
const acceptor = new TlsAcceptor({ key, cert });
const connector = new TlsConnector({ ca: cert });

function* tlsPair(): Async<[TlsStream, TlsStream]> {
  const [a, b] = yield* tcpPair();
  const accepting = spawn(acceptor.accept(b));
  const client = yield* connector.connect("localhost", a);
  return [client, yield* accepting];
}

function* session(steps: Program, report: Report): Async<void> {
  yield* play(steps, yield* tlsPair(), report);
  yield* until(() => openSockets() === 0);
}

describe("TlsStream", () => {
  it("is two FIFOs of bytes whatever is done with it, and nothing waits for ever", async () => {
    const before = descriptors();
    await checkPrograms(program, (steps) => {
      const report: Report = { players: [], hasRecords: true };
      return watched(session(steps, report), () => report);
    });
    await turnUntil(() => descriptors() <= before);
    expect(descriptors()).toBeLessThanOrEqual(before);
  }, 120_000);
});
