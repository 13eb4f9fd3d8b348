import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { describe, expect, it } from "vitest";
import { IoError } from "@rt/io";

const kindOf = (code: string): string => IoError.from(Object.assign(new Error("x"), { code })).kind;

/** The rows of the table: a kind, and the codes that stand beside it in full. */
const table: readonly (readonly [kind: string, codes: readonly string[]])[] = readFileSync(
  new URL("../../docs/io-errors.md", import.meta.url),
  "utf8",
)
  .split("\n")
  .filter((line) => line.startsWith("| `"))
  .map((line) => {
    const [, kind = "", codes = ""] = line.split("|");
    return [
      kind.trim().replaceAll("`", ""),
      [...codes.matchAll(/`([\dA-Z_]+)`/g)].map(([, code]) => code as string),
    ] as const;
  });

/** The codes of this very Node that are named `ERR_…`, and whether it throws a TypeError or RangeError for them. */
function codesOfNode(): [code: string, isAboutInput: boolean][] {
  const program = `
    const { codes } = require("internal/errors");
    const all = Object.entries(codes).filter(([code]) => code.startsWith("ERR_"));
    console.log(JSON.stringify(all.map(([code, Base]) =>
      [code, Base.prototype instanceof TypeError || Base.prototype instanceof RangeError])));`;
  const args = ["--no-warnings", "--expose-internals", "-e", program];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" })) as [string, boolean][];
}

/** Those of modules that these packages do not use, and what says nothing of what was given. */
const NOT_OURS: RegExp = new RegExp(
  `^ERR_(${[
    "AMBIGUOUS_ARGUMENT|ASSERT|ASYNC|BROTLI|CONSOLE|CONSTRUCT_CALL_REQUIRED|CPU|CRYPTO|EVAL|FFI|HTTP|ILLEGAL_CONSTRUCTOR|IMPORT|INSPECTOR",
    "LOADER|MANIFEST|MODULE|NAPI|NO_|PACKAGE|PARSE|PERFORMANCE|PROXY|QUIC|REQUIRE|SOURCE|SQLITE|STREAM_ITER|TEST",
    "TRACE|TRAILING_JUNK|UNKNOWN_BUILTIN|UNKNOWN_FILE|UNKNOWN_MODULE|UNSUPPORTED|VALID_|VM|WASI|WEBASSEMBLY|WORKER",
    "ZIP|ZLIB|ZSTD|CHILD_PROCESS_STDIO_MAXBUFFER|DUPLICATE_STARTUP|FEATURE|FS_FILE_TOO_LARGE|METHOD|SYNTHETIC",
    "ENCODING_INVALID_ENCODED_DATA|INVALID_THIS|INVALID_STATE|VFS",
  ].join("|")})`,
);

describe("IoError.from", () => {
  it.each(table)("gives the kind %s for what the table of the docs says", (kind, codes) => {
    const given = codes.map((code) => [code, kindOf(code)]);
    expect(given).toEqual(codes.map((code) => [code, kind]));
  });

  it("is told of by a table with every kind that a code leads to", () => {
    expect(table.length).toBeGreaterThan(30);
    expect(new Set(table.map(([kind]) => kind)).size).toBe(table.length);
    const listed = new Set(table.flatMap(([, codes]) => codes));
    const known = [...Object.keys(constants.errno), ...codesOfNode().map(([code]) => code)];
    const missing = known.filter((code) => kindOf(code) !== "Other" && !listed.has(code));
    // Those are one entry together. On Linux, EWOULDBLOCK and EAGAIN are one number, of which Node tells the second name.
    expect(missing.filter((code) => !code.startsWith("ERR_INVALID_") && code !== "EWOULDBLOCK")).toEqual([]);
  });

  it("gives InvalidInput for every code by which this Node refuses what it was given", () => {
    const codes = codesOfNode().filter(([code, isAboutInput]) => isAboutInput && !NOT_OURS.test(code));
    expect(codes.length).toBeGreaterThan(30);
    expect(codes.map(([code]) => code).filter((code) => kindOf(code) !== "InvalidInput")).toEqual([]);
  });

  it("gives Other for a code that nobody knows, and for none", () => {
    expect(["ERR_", "EWHAT", "", "INVALID_INPUT", "err_invalid_arg_type"].map(kindOf)).toEqual(
      new Array(5).fill("Other"),
    );
    expect(IoError.from(new TypeError("x")).kind).toBe("Other");
    expect(IoError.from(undefined).kind).toBe("Other");
  });
});
