import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { exampleName, examplesOf, type Example } from "../doc-examples/extract.ts";
import { generate } from "../doc-examples/generate.ts";
import { toModule, type Face } from "../doc-examples/module.ts";

const SOURCE = `
/** The file. @packageDocumentation */

/**
 * A gate.
 * \`\`\`ts
 * not.an.example();
 * \`\`\`
 * @example Opens once
 * \`\`\`ts
 * const gate = new Gate();
 *   gate.open();
 * \`\`\`
 * @see nothing
 * \`\`\`ts
 * not.an.example();
 * \`\`\`
 * @example
 * \`\`\`ts no-run
 * forever();
 * \`\`\`
 */
export class Gate {
  /**
   * @example
   * \`\`\`ts
   * yield* gate.pass();
   * \`\`\`
   * \`\`\`sh
   * not typescript
   * \`\`\`
   */
  override async pass(): Promise<void> {}
  /** @example
   * \`\`\`ts
   * using _ = gate;
   * \`\`\`
   */
  [Symbol.dispose](): void {}
}
/**
 * @example
 * \`\`\`ts
 * LIMIT;
 * \`\`\`
 */
export const LIMIT = 1;
`;

describe("examplesOf", () => {
  it("names each example of a docstring after its file, symbol and place", () => {
    expect(
      examplesOf("src/gate.ts", SOURCE).map((example) => [exampleName(example), example.line, example.code]),
    ).toEqual([
      ["src/gate.ts:Gate#1", 11, "const gate = new Gate();\n  gate.open();"],
      ["src/gate.ts:Gate#2", 20, "forever();"],
      ["src/gate.ts:Gate.pass#1", 27, "yield* gate.pass();"],
      ["src/gate.ts:Gate.[Symbol.dispose]#1", 36, "using _ = gate;"],
      ["src/gate.ts:LIMIT#1", 44, "LIMIT;"],
    ]);
  });

  it("marks the examples that are not to be run", () => {
    expect(examplesOf("src/gate.ts", SOURCE).map(({ runs }) => runs)).toEqual([
      true,
      false,
      true,
      true,
      true,
    ]);
  });

  it("takes the fences of a page, under its headings", () => {
    const page = "# Title\n```ts\na;\n```\n## Use it\ntext\n```sh\nno\n```\n```ts\nb;\n```\n";
    expect(examplesOf("README.md", page).map((example) => [exampleName(example), example.code])).toEqual([
      ["README.md:Title#1", "a;"],
      ["README.md:Use it#1", "b;"],
    ]);
  });
});

describe("toModule", () => {
  const face: Face = {
    packageName: "@rt/sync",
    names: new Map([
      ["Gate", "value"],
      ["Pass", "type"],
      ["Unused", "value"],
    ]),
  };
  const example = (code: string): Example => ({
    file: "src/x.ts",
    line: 7,
    symbol: "x",
    index: 1,
    code,
    runs: true,
  });
  const moduleOf = (code: string): string[] =>
    toModule(example(code), face, "sync").source.trimEnd().split("\n");
  const head = "// src/x.ts:x#1, from sync/src/x.ts:7. Generated.";

  it("puts plain code and awaits into an async function", () => {
    expect(moduleOf("await f();")).toEqual([
      head,
      "export async function example(): Promise<void> {",
      "await f();",
      "}",
    ]);
  });

  it("runs code with a yield* at the top as a task", () => {
    expect(moduleOf("using permit = yield* acquire();")).toEqual([
      head,
      'import { Builder as $Builder } from "@rt/core";',
      "export async function example(): Promise<void> {",
      "  await using $runtime = $Builder.currentThread().build();",
      "  await $runtime.blockOn(function* () {",
      "using permit = yield* acquire();",
      "  });",
      "}",
    ]);
  });

  it("does not take a nested generator or async function for its own", () => {
    expect(
      moduleOf("function* f() { yield* g(); }\nconst h = async () => await 1;").join("\n"),
    ).not.toContain("blockOn");
  });

  it("refuses a mixture of yield* and await at the top", () => {
    expect(() => moduleOf("await f();\nyield* g();")).toThrow(
      "src/x.ts:x#1: has both yield* and await at the top",
    );
  });

  it("imports the names of the face that are used, and keeps the imports that are written", () => {
    const code =
      'import { Gate } from "@rt/sync";\nimport {\n  other,\n} from "other";\nconst p: Pass = new Gate().Unused;';
    expect(moduleOf(code).slice(0, 6)).toEqual([
      head,
      'import { type Pass } from "@rt/sync";',
      'import { Gate } from "@rt/sync";',
      "import {",
      "  other,",
      '} from "other";',
    ]);
  });

  it("leaves a module with exports as it is", () => {
    const { source, hasBody } = toModule(example("export const a = await 1;"), face, "sync");
    expect(hasBody).toBe(false);
    expect(source).toBe(`${head}\nexport const a = await 1;\nexport {};\n`);
  });

  it.each([
    ["f(1); // => [1, 2]", "$expect(f(1)).toEqual([1, 2]);"],
    ["await f(); // => undefined", "$expect(await f()).toEqual(undefined);"],
    ["console.log(x.y); // => 5", "$expect(x.y).toEqual(5);"],
    ["const x = f(); // => 5", "const x = f(); $expect(x).toEqual(5);"],
    ["if (a) { b; // => 1\n}", "if (a) { $expect(b).toEqual(1);\n}"],
    ["a; // => 1\nb; // => 2", "$expect(a).toEqual(1);\n$expect(b).toEqual(2);"],
    ["spawn(function* () {\n  x; // => 1\n});", "spawn(function* () {\n  $expect(x).toEqual(1);\n});"],
  ])("makes an assertion of %s", (code, expected) => {
    expect(toModule(example(code), undefined, "sync").source).toContain(expected);
  });

  it("says where an assertion has nothing to assert", () => {
    expect(() => moduleOf("f();\n// => 5")).toThrow(
      'src/x.ts:8: "// =>" must follow an expression or a const',
    );
  });

  it("says where an example is no TypeScript", () => {
    expect(() => moduleOf("const = 1;")).toThrow(/^src\/x\.ts:7 \(example\):2: /);
  });
});

describe("generate", () => {
  it("writes a module for each example and a test for each that runs, and removes old ones", () => {
    const dir = mkdtempSync(join(tmpdir(), "examples-"));
    mkdirSync(join(dir, "src"));
    writeFileSync(join(dir, "package.json"), '{ "name": "@rt/gate" }');
    writeFileSync(
      join(dir, "src/index.ts"),
      'export { Gate, type Pass } from "./gate.ts";\nexport * as all from "./gate.ts";',
    );
    writeFileSync(join(dir, "src/gate.ts"), SOURCE);
    mkdirSync(join(dir, ".examples"));
    writeFileSync(join(dir, ".examples/stale.ts"), "");

    generate(dir);

    expect(readdirSync(join(dir, ".examples")).toSorted()).toEqual([
      "examples.test.ts",
      "src-gate-ts-Gate-1.ts",
      "src-gate-ts-Gate-2.ts",
      "src-gate-ts-Gate-Symbol-dispose-1.ts",
      "src-gate-ts-Gate-pass-1.ts",
      "src-gate-ts-LIMIT-1.ts",
    ]);
    expect(readFileSync(join(dir, ".examples/src-gate-ts-Gate-1.ts"), "utf8")).toContain(
      'import { Gate } from "@rt/gate";',
    );
    const tests = readFileSync(join(dir, ".examples/examples.test.ts"), "utf8");
    expect(tests).toContain('it("src/gate.ts:Gate#1"');
    expect(tests).not.toContain("Gate#2");
    rmSync(dir, { recursive: true });
  });
});
