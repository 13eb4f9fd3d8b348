import { describe, expect, it } from "vitest";
import { node } from "./project.ts";

/** As `fixtures/package.json` calls them: the oldest that is promised, and the last of each later line. */
const VERSIONS = ["typescript52", "typescript", "typescript6", "typescript7"];
const NODE10 = ["--module", "commonjs", "--moduleResolution", "node10"];

const NOTHING: readonly string[] = [];
/** "The current file is a CommonJS module …; the referenced file is an ECMAScript module". */
const CANNOT_REQUIRE = ["TS1479"];
const BUNDLER_WANTS_MODULES = ["TS5095"];
const WAS_REMOVED = ["TS5108"];

/** The codes of the errors that a compiler finds in `types/program` with that suffix. */
async function errorsOf(compiler: string, suffix: string, ...flags: readonly string[]): Promise<string[]> {
  const libs = ["--lib", "es2022,esnext.disposable", "--types", "node"];
  return check(compiler, [...libs, ...flags, `types/program.${suffix}`]);
}

async function check(compiler: string, args: readonly string[]): Promise<string[]> {
  const strict = ["--strict", "--exactOptionalPropertyTypes"];
  const tsc = [`node_modules/${compiler}/lib/tsc.js`, "--noEmit", "--target", "es2022", ...strict];
  const { status, out, err } = await node([...tsc, ...args]);
  const codes = [...new Set([...out.matchAll(/error (TS\d+)/g)].map(([, code = ""]) => code))];
  if (status !== 0 && codes.length === 0) throw new Error(`${compiler} ended with ${status}\n${out}\n${err}`);
  return codes;
}

describe.each(VERSIONS)("the declarations, to %s", (compiler) => {
  // Checked in themselves once for each compiler.
  const quick = "--skipLibCheck";

  it("have no error in themselves, and are found in nodenext by a module", async () => {
    expect(await errorsOf(compiler, "mts", "--module", "nodenext")).toEqual(NOTHING);
  });

  it("are found in nodenext by a CommonJS file, from 5.8 on", async () => {
    const expected = compiler === "typescript52" ? CANNOT_REQUIRE : NOTHING;
    expect(await errorsOf(compiler, "cts", quick, "--module", "nodenext")).toEqual(expected);
  });

  it("are found in node16 by a module", async () => {
    expect(await errorsOf(compiler, "mts", quick, "--module", "node16")).toEqual(NOTHING);
  });

  it("are found in bundler", async () => {
    const flags = ["--module", "esnext", "--moduleResolution", "bundler"];
    expect(await errorsOf(compiler, "ts", quick, ...flags)).toEqual(NOTHING);
  });

  it("are found in node10, sub-paths too, as long as there is one", async () => {
    // 6 has it only for those who ask twice; 7 has no more.
    const flags = compiler === "typescript6" ? ["--ignoreDeprecations", "6.0"] : [];
    const expected = compiler === "typescript7" ? WAS_REMOVED : NOTHING;
    expect(await errorsOf(compiler, "ts", quick, ...NODE10, ...flags)).toEqual(expected);
  });

  it("are found in bundler by what becomes CommonJS, from 6 on", async () => {
    const flags = ["--module", "commonjs", "--moduleResolution", "bundler"];
    const expected = ["typescript6", "typescript7"].includes(compiler) ? NOTHING : BUNDLER_WANTS_MODULES;
    expect(await errorsOf(compiler, "ts", quick, ...flags)).toEqual(expected);
  });

  it("need no types of Node where they are for browsers", async () => {
    expect(await check(compiler, ["-p", "types/tsconfig.browser.json"])).toEqual(NOTHING);
  });
});

describe("a CommonJS file in node16", () => {
  it("can't require a module: TypeScript takes it for an older Node", async () => {
    expect(await errorsOf("typescript7", "cts", "--module", "node16")).toEqual(CANNOT_REQUIRE);
  });
});
