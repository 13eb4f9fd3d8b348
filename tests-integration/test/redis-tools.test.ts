/** The tools of redis itself against mini-redis. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MiniRedis, runsExamples } from "./programs/example-process.ts";
import { hasTools } from "./support/tools.ts";

const run = promisify(execFile);
const areThere = hasTools("redis-tools", ["redis-cli", "redis-benchmark"]);

describe.runIf(runsExamples && areThere)(
  "the redis-tools against examples/mini-redis",
  { timeout: 30_000 },
  () => {
    let server: MiniRedis;

    beforeAll(async () => {
      server = await MiniRedis.start();
    });

    afterAll(async () => {
      expect(await server.interrupt()).toBe(0);
      expect(server.stderr).toBe("");
    });

    async function cli(...args: readonly string[]): Promise<string> {
      const { stdout } = await run("redis-cli", ["-p", `${server.port}`, ...args]);
      return stdout;
    }

    it.each([
      [["SET", "greeting", "hello"], "OK\n"],
      [["GET", "greeting"], "hello\n"],
      [["GET", "nothing"], "\n"],
      [["INCR", "greeting"], "ERR value is not an integer or out of range\n\n"],
      [["-3", "CONFIG", "GET", "save"], "save \n"],
      [["PUBLISH", "news", "hi"], "0\n"],
    ])("redis-cli %j", async (args, answer) => {
      expect(await cli(...args)).toBe(answer);
    });

    it("redis-cli understands what INFO says", async () => {
      expect(await cli("INFO", "server")).toMatch(/^# Server\r\nredis_version:/);
    });

    it("redis-cli gets the help of every command", async () => {
      const docs = await cli("--json", "-3", "COMMAND", "DOCS");
      expect(JSON.parse(docs)).toMatchObject({ set: { group: "string" }, subscribe: { group: "pubsub" } });
    });

    it.each(["1", "16"])(
      "redis-benchmark runs clean with %s commands at a time",
      async (pipelined) => {
        const args = [
          "-p",
          `${server.port}`,
          "-t",
          "ping,set,get,incr,mset",
          "-n",
          "20000",
          "-P",
          pipelined,
          "--csv",
        ];
        const { stdout, stderr } = await run("redis-benchmark", args, { timeout: 50_000 });
        expect(stderr).toBe("");
        const tests = stdout
          .trim()
          .split("\n")
          .slice(1)
          .map((line) => line.split(",")[0]);
        expect(tests).toEqual([
          '"PING_INLINE"',
          '"PING_MBULK"',
          '"SET"',
          '"GET"',
          '"INCR"',
          '"MSET (10 keys)"',
        ]);
      },
      60_000,
    );
  },
);
