import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";

describe("a DuplexStream that is left to garbage collection, in debug mode,", () => {
  it("is closed and reported", async () => {
    const source = `
      import { duplex } from "@rt/io";
      let [a, b] = duplex(8);
      const read = b.readToString();
      a = null;
      for (let i = 0; i < 50; i += 1) { gc(); await new Promise((resolve) => setTimeout(resolve, 5)); }
      console.log(JSON.stringify(await read)); // ends, because the other end is gone
      b.close();
    `;
    expect(await outcome(source)).toEqual([
      '""\n',
      expect.stringContaining("a DuplexStream was collected without being closed"),
    ]);
  });

  it("is kept while somebody waits for what comes from it", async () => {
    const source = `
      import { duplex } from "@rt/io";
      let [a, b] = duplex(8);
      const read = b.readToString().then((all) => all);
      b = null;
      for (let i = 0; i < 20; i += 1) { gc(); await new Promise((resolve) => setTimeout(resolve, 5)); }
      await a.writeAll("late");
      a.close();
      console.log(await read);
    `;
    expect(await outcome(source)).toEqual(["late\n", ""]);
  });
});

/** What a program in debug mode says. */
function outcome(source: string): Promise<[out: string, err: string]> {
  const child = spawn(
    process.execPath,
    [...process.execArgv, "--expose-gc", "--input-type=module", "-e", source],
    {
      env: { ...process.env, RT_DEBUG: "1" },
    },
  );
  return Promise.all([text(child.stdout), text(child.stderr)]);
}
