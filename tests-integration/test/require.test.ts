import { execFile } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const PACKAGES = join(import.meta.dirname, "../../packages");
const PROGRAM = join(import.meta.dirname, "programs/require.cjs");

/** They need a peer, which a program has only if it uses them. */
const OF_PEERS = /\/(?:vitest|testing)$/;

/** Every sub-path of every package, as it is imported. */
function faces(): string[] {
  return globSync("*/package.json", { cwd: PACKAGES }).flatMap((file) => {
    const { name, exports } = JSON.parse(readFileSync(join(PACKAGES, file), "utf8")) as {
      name: string;
      exports: Record<string, unknown>;
    };
    return Object.keys(exports)
      .filter((face) => face !== "./package.json" && !OF_PEERS.test(face))
      .map((face) => join(name, face));
  });
}

it("CommonJS gets from require() what import gives, of every face, and runs tasks in both lanes", async () => {
  const all = faces();
  expect(all).toContain("@rt/core/driver");
  const { stdout } = await promisify(execFile)(process.execPath, [PROGRAM, ...all]);
  expect(JSON.parse(stdout)).toEqual({ differing: [], sum: 2 });
}, 60_000);
