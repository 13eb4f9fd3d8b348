/** Whatever two sides do with a connection, its two directions are FIFOs of bytes, and every wait ends. */
import { readdirSync } from "node:fs";
import { type Async, Builder, type Future, intoFuture } from "@rt/core";
import { type SocketStream, UnixStream } from "@rt/net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { tcpPair, turnUntil, until } from "./support/net.ts";
import { openSockets, play, program, type Program } from "./support/stream-programs.ts";

type Ends = readonly [SocketStream, SocketStream];

/** Far above what a program takes on a busy machine. */
const TOO_LONG = 8_000;

const RUNS = Number(process.env["RT_MODEL_RUNS"] ?? 150);
const ENOUGH = Number(process.env["RT_MODEL_MS"] ?? 4_000);

const descriptors = (): number => readdirSync("/proc/self/fd").length;

function* session(steps: Program, pair: () => Future<Ends>, report: { players?: unknown }): Async<void> {
  yield* play(steps, yield* pair(), report);
  yield* until(() => openSockets() === 0);
}

/** Runs it, and says what it waits for if it never ends. */
async function watched(steps: Program, pair: () => Future<Ends>): Promise<void> {
  const runtime = Builder.currentThread().build();
  const report: { players?: unknown } = {};
  let timer: NodeJS.Timeout | undefined;
  try {
    await Promise.race([
      runtime.blockOn(session(steps, pair, report)),
      new Promise((_, reject) => {
        timer = setTimeout(
          () => reject(new Error(`It hangs: ${JSON.stringify(report)}\n${String(runtime.handle().dump())}`)),
          TOO_LONG,
        );
      }),
    ]);
  } finally {
    clearTimeout(timer);
    runtime.shutdownBackground();
  }
}

const pairs: readonly [string, () => Future<Ends>][] = [
  ["TcpStream", () => intoFuture(tcpPair())],
  ["UnixStream", () => UnixStream.pair()],
];

describe.each(pairs)("%s", (_name, pair) => {
  it("is two FIFOs of bytes whatever is done with it, and nothing waits for ever", async () => {
    const before = descriptors();
    // Not fast-check's own limit: that one would pass over a program that hangs.
    let end = Date.now() + ENOUGH;
    await fc.assert(
      fc.asyncProperty(program, async (steps) => {
        if (Date.now() > end) return;
        try {
          await watched(steps, pair);
        } catch (error) {
          end = Infinity; // a smaller one is looked for
          throw error;
        }
      }),
      { numRuns: RUNS },
    );
    await turnUntil(() => descriptors() <= before);
    expect(descriptors()).toBeLessThanOrEqual(before);
  }, 120_000);
});
