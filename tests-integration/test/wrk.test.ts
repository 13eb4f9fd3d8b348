import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runsExamples, serve } from "./support/example.ts";
import { hasTools } from "./support/tools.ts";

const hasWrk = hasTools("wrk", ["wrk"]);

async function wrk(...args: string[]): Promise<string> {
  const child = spawn("wrk", ["--threads", "1", "--duration", "2s", ...args]);
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => void (output += text));
  const [status] = (await once(child, "close")) as [number | null];
  expect(status).toBe(0);
  return output;
}

describe.runIf(runsExamples && hasWrk)("wrk against examples/tinyhttp", () => {
  it.each(["/plaintext", "/json"])(
    "sees no error on %s over 64 connections",
    async (path) => {
      const [program, port] = await serve("tinyhttp");
      const output = await wrk("--connections", "64", `http://127.0.0.1:${port}${path}`);
      expect(output).not.toMatch(/Socket errors|Non-2xx/);
      expect(Number(/(\d+) requests in/.exec(output)?.[1])).toBeGreaterThan(1000);
      expect(await program.interrupt()).toMatchObject({ status: 0 });
    },
    20_000,
  );

  it("sees no error with 16 requests at a time on each connection", async () => {
    const [program, port] = await serve("tinyhttp");
    const script = join(import.meta.dirname, "programs/pipeline.lua");
    const output = await wrk("--connections", "64", "--script", script, `http://127.0.0.1:${port}/plaintext`);
    expect(output).not.toMatch(/Socket errors|Non-2xx/);
    expect(Number(/(\d+) requests in/.exec(output)?.[1])).toBeGreaterThan(1000);
    expect(await program.interrupt()).toMatchObject({ status: 0 });
  }, 20_000);
});
