import { describe, expect, it } from "vitest";
import { dial, type Peer, runsExamples, serve } from "./support/example.ts";

async function join(port: number, name: string): Promise<Peer> {
  const peer = await dial(port);
  await peer.until("Your name?\n");
  peer.send(`${name}\n`);
  return peer;
}

/** Two who know of each other. */
async function two(): Promise<[ann: Peer, bob: Peer, port: number]> {
  const [, port] = await serve("chat");
  const ann = await join(port, "ann");
  await taken(port, "ann");
  const bob = await join(port, "bob");
  expect(await ann.until("\n")).toBe("* bob has joined\n");
  return [ann, bob, port];
}

/** Waits until somebody has that name: it is refused then. */
async function taken(port: number, name: string): Promise<void> {
  const peer = await dial(port);
  await peer.until("Your name?\n");
  peer.send(`${name}\n`);
  await peer.until(`Not "${name}", another one?\n`);
  peer.socket.destroy();
}

describe.runIf(runsExamples)("examples/chat", () => {
  it("tells the others who comes, what is said, and who leaves, and not oneself", async () => {
    const [ann, bob] = await two();
    bob.send("hello\r\n");
    expect(await ann.until("\n")).toBe("bob: hello\n");
    const greeting = Buffer.from("grüß dich").toString("latin1");
    ann.send(`${greeting}\n`);
    expect(await bob.until("\n")).toBe(`ann: ${greeting}\n`);
    await bob.finish();
    expect(await ann.until("\n")).toBe("* bob has left\n");
  });

  it("gives a name to one at a time, and none that is empty", async () => {
    const [ann, bob, port] = await two();
    const other = await join(port, " ");
    expect(await other.until("\n")).toBe('Not "", another one?\n');
    other.send("ann\n");
    expect(await other.until("\n")).toBe('Not "ann", another one?\n');
    ann.socket.resetAndDestroy();
    expect(await bob.until("\n")).toBe("* ann has left\n");
    other.send("ann\n");
    expect(await bob.until("\n")).toBe("* ann has joined\n");
  });

  it("tells a visitor that leaves in the middle of a line, or without a name", async () => {
    const [ann, bob, port] = await two();
    (await dial(port)).socket.destroy();
    await bob.finish("half a li");
    expect(await ann.until("\n")).toBe("bob: half a li\n");
    expect(await ann.until("\n")).toBe("* bob has left\n");
  });

  it.each([
    ["a line that is too long", `${"x".repeat(2000)}\n`],
    ["bytes that are no text", "\xff\xfe\n"],
  ])("sends a visitor away for %s, and says why", async (_what, bad) => {
    const [ann, bob] = await two();
    bob.send(bad);
    expect(await bob.until("\n")).toMatch(/^! /);
    bob.socket.destroy();
    expect(await ann.until("\n")).toBe("* bob has left\n");
  });

  it("holds up nobody for a visitor that does not read, who is told how much was missed", async () => {
    const [ann, bob, port] = await two();
    const slow = await join(port, "slow");
    await ann.until("* slow has joined\n");
    slow.socket.pause();
    const line = "x".repeat(500);
    // More than the buffers of the system and the backlog of the room take together.
    for (let n = 0; n < 30_000; n += 1) {
      bob.send(`${line}\n`);
      if (n % 100 === 99) for (let m = 0; m < 100; m += 1) await ann.until("\n");
    }
    slow.socket.resume();
    expect(await slow.until(" messages\n")).toMatch(/\* you have missed \d+ messages\n$/);
    bob.send("the end\n");
    await slow.until("bob: the end\n");
  });

  it("ends at ctrl-c, with visitors in the room", async () => {
    const [program, port] = await serve("chat");
    const ann = await join(port, "ann");
    await taken(port, "ann");
    expect(await program.interrupt()).toMatchObject({ status: 0, signal: null, stderr: "" });
    await ann.rest();
  });
});
