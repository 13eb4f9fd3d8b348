import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { checkBoundaries } from "../boundaries/check.ts";
import { allowedFor } from "../boundaries/graph.ts";

let dir = "";
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Writes the files below a new packages folder, each package with a fitting package.json, and checks it. */
function check(files: Record<string, string>, manifests: Record<string, object> = {}): string[] {
  dir = mkdtempSync(join(tmpdir(), "boundaries-"));
  const write = (file: string, text: string): void => {
    mkdirSync(dirname(join(dir, file)), { recursive: true });
    writeFileSync(join(dir, file), text);
  };
  const all: Record<string, object> = {
    core: {
      exports: { ".": "./src/index.ts", "./driver": "./src/driver.ts" },
      imports: { "#platform": "./x.ts" },
    },
    sync: { exports: { ".": "./src/index.ts" }, dependencies: { "@rt/core": "workspace:*" } },
    net: { dependencies: { "@rt/core": "workspace:*", "@rt/io": "workspace:*" } },
    io: { exports: { ".": "./src/index.ts" }, dependencies: { "@rt/core": "workspace:*" } },
    ...manifests,
  };
  for (const [short, manifest] of Object.entries(all)) {
    write(`${short}/package.json`, JSON.stringify({ name: `@rt/${short}`, ...manifest }));
  }
  for (const [file, text] of Object.entries(files)) write(file, text);
  return checkBoundaries(dir);
}

describe("checkBoundaries", () => {
  it("accepts own files, listed faces of packages below, and node: where there is only Node", () => {
    const files = {
      "core/src/a.ts": 'import { b } from "./internal/b.ts"; import "#platform"; export * from "./c.ts";',
      "core/src/platform/node.ts":
        'import "node:util"; new Worker(new URL("./watchdog-worker.ts", import.meta.url));',
      "core/test/a.test.ts": 'import { it } from "vitest"; import "@rt/core"; import "../src/internal/b.ts";',
      "core/test/a.node.test.ts": 'import "node:fs";',
      "net/src/tcp.ts":
        'import "node:net"; import "@rt/core/driver"; import type { AsyncRead } from "@rt/io";',
    };
    expect(check(files)).toEqual([]);
  });

  it.each<[breach: string, file: string, source: string]>([
    [
      "packages/sync/src/x.ts:1: ../../core/src/future.ts leaves the package",
      "sync/src/x.ts",
      'import "../../core/src/future.ts"',
    ],
    [
      "packages/sync/src/x.ts:1: ../../net/x.js leaves the package",
      "sync/src/x.ts",
      'new URL("../../net/x.js", import.meta.url)',
    ],
    ["packages/sync/src/x.ts:1: ../test/x.ts leaves src", "sync/src/x.ts", 'import "../test/x.ts"'],
    [
      "packages/sync/src/x.ts:2: @rt/core/dist/index.js is not a face of @rt/core",
      "sync/src/x.ts",
      '\nimport("@rt/core/dist/index.js")',
    ],
    [
      "packages/sync/src/x.ts:1: @rt/io is not a dependency in package.json",
      "sync/src/x.ts",
      'export { x } from "@rt/io"',
    ],
    [
      "packages/sync/src/x.ts:1: @rt/net is not a dependency in package.json",
      "sync/src/x.ts",
      'type X = import("@rt/net").X',
    ],
    [
      "packages/sync/src/x.ts:1: @rt/sync imports its own package by name",
      "sync/src/x.ts",
      'import "@rt/sync"',
    ],
    [
      "packages/sync/src/x.ts:1: #platform is not in the package's imports",
      "sync/src/x.ts",
      'import "#platform"',
    ],
    [
      "packages/sync/src/x.ts:1: node:util in a package that also runs in browsers",
      "sync/src/x.ts",
      'import "node:util"',
    ],
    ["packages/net/src/x.ts:1: util must be written node:util", "net/src/x.ts", 'import "util"'],
    [
      "packages/net/src/x.ts:1: lodash is not a dependency in package.json",
      "net/src/x.ts",
      'import "lodash"',
    ],
    [
      "packages/sync/test/x.test.ts:1: a test that imports node:fs can't run in browsers: name it *.node.test.ts",
      "sync/test/x.test.ts",
      'import "node:fs"',
    ],
  ])("rejects: %s", (breach, file, source) => {
    expect(check({ [file]: source })).toEqual([breach]);
  });

  it("rejects a dependency that the graph does not have", () => {
    expect(check({}, { sync: { dependencies: { "@rt/io": "workspace:*" } } })).toEqual([
      "packages/sync/package.json: the graph does not let it depend on @rt/io",
    ]);
  });

  it("rejects a foreign dependency where none is allowed", () => {
    expect(check({}, { sync: { dependencies: { "left-pad": "1.0.0" } } })).toEqual([
      "packages/sync/package.json: depends on left-pad, but may have no dependencies",
    ]);
  });

  it("rejects a package that the graph does not know", () => {
    expect(check({}, { extra: {} })).toEqual([
      "packages/extra/package.json: extra is not in tooling/boundaries/graph.ts",
    ]);
  });
});

describe("allowedFor", () => {
  it("gives a package all that lies below its own dependencies", () => {
    expect([...(allowedFor("process") ?? [])].toSorted()).toEqual(["core", "io", "signal", "sync"]);
    expect(allowedFor("core")).toEqual(new Set());
  });

  it("gives the companions for tests and for everything all the others", () => {
    expect(allowedFor("test")).toEqual(allowedFor("rt"));
    expect(allowedFor("rt")?.has("util")).toBe(true);
    expect(allowedFor("rt")?.has("test")).toBe(false);
  });
});
