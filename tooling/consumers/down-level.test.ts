import { beforeAll, describe, expect, it } from "vitest";
import { PORTABLE } from "./expected.ts";
import { succeed } from "./project.ts";

describe("a program compiled to ES5, which requires the packages", () => {
  beforeAll(async () => {
    await succeed(["build/down-level.mjs"]);
  });

  it.each(["typescript", "swc", "babel"])("runs in both lanes: %s", async (compiler) => {
    const out = await succeed(["programs/outcome.cjs", `out/down-level/${compiler}.cjs`]);
    expect(JSON.parse(out)).toEqual(PORTABLE);
  });
});
