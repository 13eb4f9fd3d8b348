import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { folder, program } from "./support/fs.ts";

/** Forgets what `make` gives, and waits until that was noticed. */
const forget = (make: string): string => `
  await (async () => void (await runtime.blockOn(${make})))();
  for (let i = 0; i < 20; i += 1) {
    gc();
    await new Promise((resolve) => setImmediate(resolve));
  }
`;

describe("what is forgotten", () => {
  it("is reported in debug mode, a File by its path", async () => {
    const path = join(folder(), "file");
    writeFileSync(path, "");
    const { stderr } = await program(forget(`File.open(${JSON.stringify(path)})`), { RT_DEBUG: "1" });
    expect(stderr).toContain(`a File of ${path} was collected without being closed`);
  });

  it("is reported in debug mode, a ReadDir by its path", async () => {
    const path = folder();
    const { stderr } = await program(forget(`readDir(${JSON.stringify(path)})`), { RT_DEBUG: "1" });
    expect(stderr).toContain(`a ReadDir of ${path} was collected without being closed`);
  });

  it("is not reported when it was closed", async () => {
    const path = folder();
    const { stderr } = await program(
      `const dir = await runtime.blockOn(readDir(${JSON.stringify(path)}));
       while ((await runtime.blockOn(dir.nextEntry())) !== undefined);
       ${forget(`readDir(${JSON.stringify(path)}).then((dir) => dir[Symbol.dispose]())`)}`,
      { RT_DEBUG: "1" },
    );
    expect(stderr).toBe("");
  });
});
