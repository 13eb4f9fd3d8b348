/** Whatever two sides do with a connection, its two directions are FIFOs of bytes, and every wait ends. */
import { type Async, type Future, intoFuture } from "@rt/core";
import { type SocketStream, UnixStream } from "@rt/net";
import { describe, expect, it } from "vitest";
import { tcpPair, turnUntil, until } from "./support/net.ts";
import { checkPrograms, descriptors, openSockets, watched } from "./support/programs.ts";
import { play, program, type Program, type Report } from "./support/stream-programs.ts";

type Ends = readonly [SocketStream, SocketStream];

function* session(steps: Program, pair: () => Future<Ends>, report: Report): Async<void> {
  yield* play(steps, yield* pair(), report);
  yield* until(() => openSockets() === 0);
}

const pairs: readonly [string, () => Future<Ends>][] = [
  ["TcpStream", () => intoFuture(tcpPair())],
  ["UnixStream", () => UnixStream.pair()],
];

describe.each(pairs)("%s", (_name, pair) => {
  it("is two FIFOs of bytes whatever is done with it, and nothing waits for ever", async () => {
    const before = descriptors();
    await checkPrograms(program, (steps) => {
      const report: Report = { players: [] };
      return watched(session(steps, pair, report), () => report);
    });
    await turnUntil(() => descriptors() <= before);
    expect(descriptors()).toBeLessThanOrEqual(before);
  }, 120_000);
});
