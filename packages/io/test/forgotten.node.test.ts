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
    const child = spawn(
      process.execPath,
      [...process.execArgv, "--expose-gc", "--input-type=module", "-e", source],
      {
        env: { ...process.env, RT_DEBUG: "1" },
      },
    );
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
    expect([out, err]).toEqual([
      '""\n',
      expect.stringContaining("a DuplexStream was collected without being closed"),
    ]);
  });
});
