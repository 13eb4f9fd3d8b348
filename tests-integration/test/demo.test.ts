/** The main job, as `npm run demo` starts it, but shorter. */
import { connect } from "node:net";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { ExampleProcess, runsExamples } from "./programs/example-process.ts";

describe.runIf(runsExamples)("examples/demo", () => {
  it("puts mini-redis under load, checks the answers, and ends by itself with everything closed", async () => {
    await using demo = new ExampleProcess("demo", "--connections", "8", "--seconds", "0.8");
    const code = await demo.end();
    expect(demo.stderr).toBe("");
    expect(code).toBe(0);
    expect(demo.stdout).toContain("8 connections to 127.0.0.1:");
    expect(demo.stdout).toMatch(/ \d+ commands in [\d.]+ s$/m);
    expect(demo.stdout).toContain("500 messages received in order");
    expect(demo.stdout).toContain("500 keys have expired");
    expect(demo.stdout).toMatch(/GET +│ \d+ +│ \d+ +│ [\d.]+ +│/);
    expect(demo.stdout).toMatch(/tasks alive +│ 0 /);
  }, 30_000);

  it("serves with --serve until ctrl-c", async () => {
    await using demo = new ExampleProcess("demo", "--serve", "0");
    const [, port] = await demo.printed(/listens on 127\.0\.0\.1:(\d+)/);
    const socket = connect(Number(port), "127.0.0.1");
    socket.write("PING\r\n");
    const [answer] = (await once(socket, "data")) as [Buffer];
    expect(answer.toString()).toBe("+PONG\r\n");
    expect(await demo.interrupt()).toBe(0);
    socket.destroy();
  }, 30_000);
});
