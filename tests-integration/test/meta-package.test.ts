import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";
import { allowedFor } from "../../tooling/boundaries/graph.ts";
import { publicNames } from "../../tooling/parity/exports.ts";

const PACKAGES = join(import.meta.dirname, "../../packages");
const MANIFEST = JSON.parse(readFileSync(join(PACKAGES, "rt/package.json"), "utf8")) as {
  dependencies: Record<string, string>;
};

/** The names that a bundle takes code from, `core/dist/index.js` for instance, with the number of bytes of each. */
async function bundled(
  program: string,
  platform: "node" | "browser" = "node",
): Promise<ReadonlyMap<string, number>> {
  const { metafile } = await build({
    stdin: { contents: program, resolveDir: import.meta.dirname },
    bundle: true,
    minifyWhitespace: true,
    write: false,
    format: "esm",
    platform,
    logLevel: "error",
    metafile: true,
    absWorkingDir: PACKAGES,
  });
  return new Map(
    Object.values(metafile.outputs)
      .flatMap(({ inputs }) => Object.entries(inputs))
      .map(([file, { bytesInOutput }]) => [relative(PACKAGES, join(PACKAGES, file)), bytesInOutput] as const)
      .filter(([file, bytes]) => bytes > 0 && !file.includes("<stdin>")),
  );
}

function packagesOf(files: ReadonlyMap<string, number>): string[] {
  return [...new Set([...files.keys()].map((file) => file.split("/")[0] ?? ""))].toSorted();
}

function bytesOf(files: ReadonlyMap<string, number>): number {
  return [...files.values()].reduce((sum, bytes) => sum + bytes, 0);
}

const SUBSYSTEMS = ["time", "sync", "macros", "io", "net", "fs", "signal", "process"];

describe("@rt/rt", () => {
  it("has the names of all packages it depends on, types and members as well, and no other", () => {
    const names = publicNames(join(PACKAGES, "rt"));
    const others = Object.keys(MANIFEST.dependencies).flatMap((name) => [
      ...publicNames(join(PACKAGES, name.replace("@rt/", ""))),
    ]);
    expect([...names].toSorted()).toEqual([...new Set(others)].toSorted());
  }, 60_000);

  it.each(["node", "browser"] as const)(
    "costs a bundle for %s nothing, and brings nothing that is not used",
    async (platform) => {
      const meta = await bundled(
        `import { ready, select } from "@rt/rt"; import { sleep } from "@rt/rt/time"; import { Mutex } from "@rt/rt/sync";
         console.log(ready, select, sleep, Mutex);`,
        platform,
      );
      const direct = await bundled(
        `import { ready } from "@rt/core"; import { select } from "@rt/macros";
         import { sleep } from "@rt/time"; import { Mutex } from "@rt/sync"; console.log(ready, select, sleep, Mutex);`,
        platform,
      );
      expect([...meta.keys()].toSorted()).toEqual([...direct.keys()].toSorted());
      // But for a letter more in a name here and there.
      expect(Math.abs(bytesOf(meta) - bytesOf(direct))).toBeLessThan(100);
    },
  );

  it.each(SUBSYSTEMS)("gives with ./%s what the package gives, and nothing else", async (name) => {
    const meta = await bundled(`import * as all from "@rt/rt/${name}"; console.log(all);`);
    const direct = await bundled(`import * as all from "@rt/${name}"; console.log(all);`);
    // The object of all names is made where they are asked for.
    expect(packagesOf(meta).filter((used) => used !== "rt")).toEqual(packagesOf(direct));
  });
});

describe("a subsystem alone", () => {
  it.each(SUBSYSTEMS)("bundles @rt/%s with nothing but what the package graph has below it", async (name) => {
    const files = await bundled(`import * as all from "@rt/${name}"; console.log(all);`);
    const below = [name, ...(allowedFor(name) ?? [])];
    expect(packagesOf(files).filter((used) => !below.includes(used))).toEqual([]);
    expect(packagesOf(files)).toContain(name);
  });
});
