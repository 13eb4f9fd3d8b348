import { describe, expect, it } from "vitest";
import { accepting, dial, freePort, runsExamples, serve } from "./support/example.ts";

describe.runIf(runsExamples)("examples/proxy", () => {
  it("passes bytes both ways, and counts them", async () => {
    const { port, accept } = await accepting();
    const [program, from] = await serve("proxy", `127.0.0.1:${port}`);
    const client = await dial(from);
    const server = await accept();
    client.send("question");
    expect(await server.until("question")).toBe("question");
    server.send("answer!!!");
    expect(await client.until("answer!!!")).toBe("answer!!!");
    client.socket.end();
    expect(await server.finish()).toBe("");
    expect(await program.stdout.until("\n")).toBe("8 bytes there, 9 bytes back\n");
  });

  it("lets the server answer a client that has finished sending", async () => {
    const { port, accept } = await accepting();
    const [, from] = await serve("proxy", `127.0.0.1:${port}`);
    const client = await dial(from);
    const all = client.finish("everything");
    const server = await accept();
    expect(await server.rest()).toBe("everything");
    server.socket.end("late answer");
    expect(await all).toBe("late answer");
  });

  it("loses nothing of what is too much at a time", async () => {
    const { port, accept } = await accepting();
    const [, from] = await serve("proxy", `127.0.0.1:${port}`);
    const client = await dial(from);
    const server = await accept();
    server.socket.pause();
    client.socket.end("x".repeat(32 << 20));
    server.send("not held up");
    expect(await client.until("up")).toBe("not held up");
    server.socket.resume();
    expect(await server.finish()).toHaveLength(32 << 20);
  });

  it("closes a client's connection when the server refuses, and goes on", async () => {
    const [program, from] = await serve("proxy", `127.0.0.1:${await freePort()}`);
    for (let n = 0; n < 2; n += 1) expect(await (await dial(from)).rest()).toBe("");
    const { status, stderr } = await program.interrupt();
    expect(status).toBe(0);
    expect(stderr.match(/A connection failed: .*ECONNREFUSED/g)).toHaveLength(2);
  });

  it("goes on for the others when one side resets", async () => {
    const { port, accept } = await accepting();
    const [program, from] = await serve("proxy", `127.0.0.1:${port}`);
    const rude = await dial(from);
    const left = await accept();
    const polite = await dial(from);
    const server = await accept();
    rude.socket.resetAndDestroy();
    await left.rest();
    polite.send("still there?");
    expect(await server.until("?")).toBe("still there?");
    expect(await program.interrupt()).toMatchObject({ status: 0, signal: null });
  });
});
