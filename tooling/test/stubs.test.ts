import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { removeStubs, stubsOf, writeStubs } from "../stubs/stubs.ts";

const EXPORTS = {
  ".": { types: "./dist/index.d.ts", default: "./dist/index.js" },
  "./time": { types: "./dist/time.d.ts", default: "./dist/time.js" },
  "./time/testing": { types: "./dist/time/testing.d.ts", default: "./dist/time/testing.js" },
  "./internal/platform": { node: "./dist/node.js", default: "./dist/web.js" },
  "./package.json": "./package.json",
};

describe("stubsOf", () => {
  it("leads the folder of each sub-path to the files that exports names", () => {
    expect(stubsOf({ exports: EXPORTS }).get("time/testing")).toEqual({
      main: "../../dist/time/testing.js",
      module: "../../dist/time/testing.js",
      types: "../../dist/time/testing.d.ts",
    });
  });

  it("gives Node and browsers each their file", () => {
    expect(stubsOf({ exports: EXPORTS }).get("internal/platform")).toEqual({
      main: "../../dist/node.js",
      module: "../../dist/node.js",
      browser: "../../dist/web.js",
    });
  });

  it("goes by what is published, where that differs", () => {
    const source = { "./time": { "@rt/source": "./src/time.ts", default: "./dist/time.js" } };
    expect([...stubsOf({ exports: source, publishConfig: { exports: EXPORTS } }).keys()]).toEqual([
      "time",
      "time/testing",
      "internal/platform",
    ]);
  });

  it("refuses conditions within conditions, which it can't express", () => {
    const exports = { "./time": { default: { node: "./a.js", default: "./b.js" } } };
    expect(() => stubsOf({ exports })).toThrow("only one level of conditions is known");
  });
});

describe("writeStubs and removeStubs", () => {
  let dir = "";

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "stubs-"));
    writeFileSync(join(dir, "package.json"), JSON.stringify({ exports: EXPORTS }));
  });

  afterEach(() => rmSync(dir, { recursive: true }));

  it("leave a package as it was", () => {
    writeStubs(dir);
    expect(JSON.parse(readFileSync(join(dir, "time/package.json"), "utf8"))).toMatchObject({
      main: "../dist/time.js",
    });
    removeStubs(dir);
    expect(readdirSync(dir)).toEqual(["package.json"]);
  });

  it("remove no file that is not theirs", () => {
    mkdirSync(join(dir, "time"));
    writeFileSync(join(dir, "time/notes.txt"), "mine");
    writeStubs(dir);
    removeStubs(dir);
    expect(readdirSync(join(dir, "time"))).toEqual(["notes.txt"]);
    expect(existsSync(join(dir, "internal"))).toBe(false);
  });
});
