import { readFileSync } from "node:fs";
import "@rt/core";
import { describe, expect, it } from "vitest";

describe("the realm's registry", () => {
  it("carries the version of package.json, by which copies of the package are told apart", () => {
    const file = new URL("../package.json", import.meta.url);
    const { version } = JSON.parse(readFileSync(file, "utf8")) as { version: string };
    const registry = (globalThis as Record<symbol, unknown>)[Symbol.for("@rt/core")];
    expect(registry).toMatchObject({ version });
  });
});
