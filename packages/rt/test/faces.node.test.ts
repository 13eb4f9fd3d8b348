import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as core from "@rt/core";
import * as macros from "@rt/macros";
import * as root from "@rt/rt";
import * as runtime from "@rt/rt/runtime";
import * as task from "@rt/rt/task";
import { describe, expect, it } from "vitest";

const MANIFEST = JSON.parse(readFileSync(join(import.meta.dirname, "../package.json"), "utf8")) as {
  exports: Record<string, unknown>;
};

/** The faces that are those of a package under another name. */
const MIRRORS: Readonly<Record<string, string>> = {
  "./runtime/driver": "@rt/core/driver",
  "./macros": "@rt/macros",
  "./macros/vitest": "@rt/macros/vitest",
  "./macros/node-test": "@rt/macros/node-test",
  "./time": "@rt/time",
  "./time/testing": "@rt/time/testing",
  "./sync": "@rt/sync",
  "./io": "@rt/io",
  "./net": "@rt/net",
  "./fs": "@rt/fs",
  "./signal": "@rt/signal",
  "./process": "@rt/process",
};

/** The faces that are put together here. */
const COMPOSED = [".", "./task", "./runtime", "./package.json"];

async function load(specifier: string): Promise<Record<string, unknown>> {
  return (await import(specifier)) as Record<string, unknown>;
}

describe("package.json", () => {
  it("lists each face that is tested here, and no other", () => {
    expect(Object.keys(MANIFEST.exports).toSorted()).toEqual(
      [...COMPOSED, ...Object.keys(MIRRORS)].toSorted(),
    );
  });
});

describe.each(Object.entries(MIRRORS))("%s", (face, specifier) => {
  it("has exactly the names of its package, for the very same objects", async () => {
    // One after the other: two that load the same module at once may get two of it, under vitest on Node 26.
    const theirs = await load(specifier);
    const ours = await load(`@rt/rt${face.slice(1)}`);
    expect(Object.keys(ours)).toEqual(Object.keys(theirs));
    for (const name of Object.keys(theirs)) expect(ours[name], name).toBe(theirs[name]);
  });
});

describe("the root, ./task and ./runtime", () => {
  it("have each name of @rt/core and @rt/macros between them, and no other", () => {
    const ours = new Set([root, task, runtime].flatMap((face) => Object.keys(face)));
    const theirs = new Set([core, macros].flatMap((face) => Object.keys(face)));
    expect([...ours].toSorted()).toEqual([...theirs].toSorted());
  });

  it("give the very same objects as @rt/core and @rt/macros", () => {
    const theirs: Record<string, unknown> = { ...core, ...macros };
    for (const face of [root, task, runtime])
      for (const [name, value] of Object.entries(face)) expect(value, name).toBe(theirs[name]);
  });

  it("share no name but spawn and Cancelled, which belong to both the root and ./task", () => {
    const all = [root, task, runtime].flatMap((face) => Object.keys(face));
    expect(all.filter((name, index) => all.indexOf(name) !== index)).toEqual(["Cancelled", "spawn"]);
  });
});
