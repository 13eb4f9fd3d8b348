import { Readable } from "node:stream";
import { createContext, runInContext } from "node:vm";
import { cursor, fromNodeReadable, IoError } from "@rt/io";
import { describe, expect, it } from "vitest";

const context = createContext({});

/** The value of an expression in a `vm` context, which has classes of its own. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- who writes the code knows its type
function there<T>(code: string): T {
  return runInContext(`(${code})`, context) as T;
}

describe("values of another realm", () => {
  it("are written, where they are bytes", async () => {
    const output = cursor();
    await output.writeAll(there<Uint8Array>("new Uint8Array([104, 105])"));
    expect(new TextDecoder().decode(output.intoInner())).toBe("hi");
  });

  it("come out of a stream of Node's, where they are bytes", async () => {
    const chunks = [there<Uint8Array>("new Uint8Array([104])"), there<Uint8Array>("new Uint8Array([105])")];
    expect(await fromNodeReadable(Readable.from(chunks)).readToString()).toBe("hi");
  });

  it("become an IoError, where they are errors, with their message", () => {
    const error = there<Error>('Object.assign(new Error("gone"), { code: "ENOENT" })');
    expect(IoError.from(error)).toMatchObject({ kind: "NotFound", message: "gone", cause: error });
  });
});
