import { describe, expect, it } from "vitest";
import { dial, Program, runsExamples, serve } from "./support/example.ts";

describe.runIf(runsExamples)("examples/echo-tcp", () => {
  it("sends each client its own bytes back, and closes when the client has finished", async () => {
    const [, port] = await serve("echo-tcp");
    const [one, other] = [await dial(port), await dial(port)];
    one.send("one");
    other.send("other");
    expect(await other.until("other")).toBe("other");
    expect(await one.until("one")).toBe("one");
    expect(await one.finish("\0\xff the end")).toBe("\0\xff the end");
    expect(await other.finish("!")).toBe("!");
  });

  it("answers a client that sends a byte at a time", async () => {
    const [, port] = await serve("echo-tcp");
    const peer = await dial(port);
    for (const byte of "slowly") {
      peer.send(byte);
      expect(await peer.until(byte)).toBe(byte);
    }
  });

  it("goes on for the others when a client resets its connection", async () => {
    const [program, port] = await serve("echo-tcp");
    const [rude, polite] = [await dial(port), await dial(port)];
    rude.send("x");
    await rude.until("x");
    rude.socket.resetAndDestroy();
    polite.send("still there?");
    expect(await polite.until("?")).toBe("still there?");
    expect(await program.interrupt()).toMatchObject({ status: 0 });
  });

  it("goes on for the others while a client sends and does not read", async () => {
    const [, port] = await serve("echo-tcp");
    const [stuck, other] = [await dial(port), await dial(port)];
    stuck.socket.pause();
    const block = "x".repeat(1 << 20);
    // Until the server, which keeps nothing, has stopped to read.
    for (let n = 0; n < 32; n += 1) stuck.send(block);
    other.send("hello");
    expect(await other.until("hello")).toBe("hello");
    stuck.socket.resume();
    expect(await stuck.finish()).toHaveLength(32 * block.length);
  });

  it("ends at ctrl-c, with clients connected", async () => {
    const [program, port] = await serve("echo-tcp");
    const peer = await dial(port);
    expect(await program.interrupt()).toMatchObject({ status: 0, signal: null, stderr: "" });
    expect(await peer.rest()).toBe("");
  });

  it("fails when the port is in use", async () => {
    const [, port] = await serve("echo-tcp");
    const { status, stderr } = await new Program("echo-tcp", [`127.0.0.1:${port}`]).ends();
    expect(status).toBe(1);
    expect(stderr).toContain("EADDRINUSE");
  });
});
