/**
 * The process of one JavaScript contestant: `node --expose-gc lane.ts <contestant file>`.
 *
 * For a profile of one case, feed it lines by hand:
 * `echo "spawn/10k-then-join x 2000000" | node --expose-gc --cpu-prof harness/lane.ts core/contestants/rt-generator.ts`
 */

import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import type { Contestant, Measurement } from "./case.ts";

const file = resolve(process.argv[2] ?? "");

/**
 * Empties the young generation. Not a full collection: optimised code holds the shapes of its objects weakly, so one
 * that finds no task alive throws the code away, and the sample measures the compiler (effect: 3 times slower).
 */
function collectYoung(): void {
  globalThis.gc?.({ type: "minor" });
}

async function answer(line: string): Promise<unknown> {
  const [caseName = "", , opsText = ""] = line.split(" ");
  // A contestant's file has one default export, checked by the compiler with `satisfies Contestant`.
  const { default: contestant } = (await import(pathToFileURL(file).href)) as { default: Contestant };
  const sample = contestant[caseName];
  if (sample === undefined) return { absent: true };
  const ops = Number(opsText);
  if (ops === 0) return { ready: true };

  collectYoung();
  const start = process.hrtime.bigint();
  const measured: Measurement | void = await sample(ops);
  const ns = Number(process.hrtime.bigint() - start);
  return measured ?? { ns };
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

for await (const line of createInterface({ input: process.stdin })) {
  const reply = await answer(line).catch((error: unknown) => ({ error: describe(error) }));
  process.stdout.write(`${JSON.stringify(reply)}\n`);
}
process.exit(); // whatever the contestant still has running
