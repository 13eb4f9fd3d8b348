import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkParity } from "../parity/check.ts";
import { readTable } from "../parity/table.ts";
import { titlesIn } from "../parity/titles.ts";

const HEAD =
  "## `@rt/core`\n\n| Tokio item | ours | status | because | test |\n| --- | --- | --- | --- | --- |\n";
const TEST = "packages/core/test/handle.test.ts > aborts in the generator lane";

let root = "";
const write = (file: string, text: string): void => {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), text);
};
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "parity-"));
  const exports = {
    ".": { "@rt/source": "./src/index.ts" },
    "./driver": { "@rt/source": "./src/driver.ts" },
  };
  write("packages/core/package.json", JSON.stringify({ name: "@rt/core", type: "module", exports }));
  write(
    "packages/core/src/index.ts",
    'export { spawn, type Opts, JoinHandle } from "./handle.ts"; export * as mpsc from "./mpsc.ts";',
  );
  write("packages/core/src/driver.ts", "export interface Driver { park(): void }");
  write(
    "packages/core/src/mpsc.ts",
    "export function channel(): void {} export class Sender { send(): void {} }",
  );
  write(
    "packages/core/src/handle.ts",
    `class Base { then(): void {} }
     export class JoinHandle extends Base { static of(): void {} abort(): void {} [Symbol.dispose](): void {} }
     export interface Opts { name: string }
     export function spawn(): void {}`,
  );
  write(
    "packages/core/test/handle.test.ts",
    'for (const lane of []) describe(lane, () => { it(`aborts in the ${lane} lane`, () => {}); it.each([1])("takes %d", () => {}); });',
  );
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

function check(rows: string): readonly string[] {
  write("docs/parity.md", HEAD + rows);
  return checkParity(root).problems;
}

describe("checkParity", () => {
  it("accepts exports, members of either side, inherited ones, namespaces and other faces", () => {
    const names = [
      "spawn",
      "JoinHandle.of",
      "JoinHandle.abort()",
      "JoinHandle.then",
      "JoinHandle.[Symbol.dispose]",
    ];
    const more = ["Opts.name", "mpsc.channel", "mpsc.Sender.send", "Driver.park"];
    const rows = [...names, ...more].map((name) => `| \`x\` | \`${name}\` | same | | ${TEST} |`);
    expect(check(rows.join("\n"))).toEqual([]);
  });

  it("accepts several tests, a missing counterpart, and names that are still to come", () => {
    const rows = [
      `| a | \`spawn\`, \`JoinHandle\` | different | it differs | ${TEST}<br>packages/core/test/handle.test.ts > takes 1 |`,
      "| b | | no counterpart | there are no destructors | |",
      "| c | `later` | waits | for the time package | |",
    ];
    expect(check(rows.join("\n"))).toEqual([]);
  });

  it.each([
    [`| a | \`spwan\` | same | | ${TEST} |`, "a: @rt/core exports no spwan"],
    [`| a | \`JoinHandle.nope\` | same | | ${TEST} |`, "a: @rt/core exports no JoinHandle.nope"],
    [
      `| a | \`spawn\` | the same | | ${TEST} |`,
      'a: "the same" is no status; there are same, different, no counterpart, waits',
    ],
    ["| a | `spawn` | same | | |", "a: names no test"],
    [`| a | spawn | same | | ${TEST} |`, "a: names nothing of ours in backticks"],
    [`| a | \`spawn\` | different | | ${TEST} |`, 'a: is "different", but says no because'],
    ["| a | | no counterpart | | |", 'a: is "no counterpart", but says no because'],
    ["| a | `spawn` | same | | test/no.test.ts > x |", "a: there is no test/no.test.ts"],
    [
      "| a | `spawn` | same | | test/no.test.ts |",
      'a: "test/no.test.ts" must read path/to/file.test.ts > title',
    ],
    [
      "| a | `spawn` | same | | packages/core/test/handle.test.ts > aborts |",
      'a: packages/core/test/handle.test.ts has no test "aborts"',
    ],
    ["| a | `spawn` | same | |", "has 4 cells, not 5"],
  ])("rejects %s", (row, problem) => {
    expect(check(row)).toEqual([`docs/parity.md:5: ${problem}`]);
  });
});

describe("readTable", () => {
  it("leaves other tables alone, and reports ours with other columns", () => {
    expect(readTable("| a | b |\n|---|---|\n| 1 | 2 |\n\n| Tokio item | ours |\n|---|---|\n")).toEqual({
      rows: [],
      problems: ["5: the columns must be Tokio item | ours | status | because | test"],
    });
  });

  it("keeps an escaped bar within its cell", () => {
    const { rows } = readTable(`${HEAD}| a \\| b | \`x\` | same | | f.test.ts > t |`);
    expect(rows[0]?.item).toBe("a | b");
  });
});

describe("titlesIn", () => {
  it("reads plain titles, templates and tables, and no others", () => {
    const source =
      'it("a (b)", f); test.skip(`c ${d} e`, f); it.each([1])("n %d", f); describe("no", f); xit("no", f);';
    expect(titlesIn("x.ts", source).map(String)).toHaveLength(3);
    expect(
      titlesIn("x.ts", source).map((title) =>
        ["a (b)", "c 1 e", "n 5"].findIndex((text) => title.test(text)),
      ),
    ).toEqual([0, 1, 2]);
  });
});
