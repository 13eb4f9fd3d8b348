/** mini-redis as a program, on real sockets and bad input. */
import { constants } from "node:buffer";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ExampleProcess, MiniRedis, runsExamples } from "./programs/example-process.ts";

/** Sends, and gives all that comes back until the server closes. */
async function converse(port: number, request: string, end = true): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  let answer = "";
  socket.setEncoding("latin1").on("data", (text: string) => (answer += text));
  socket.write(request, "latin1");
  if (end) socket.end();
  await once(socket, "close");
  return answer;
}

describe.runIf(runsExamples)("examples/mini-redis", { timeout: 30_000 }, () => {
  let server: MiniRedis;
  /** A connection that must notice nothing of what happens on the others. */
  let bystander: Socket;

  beforeAll(async () => {
    server = await MiniRedis.start();
    bystander = connect(server.port, "127.0.0.1");
  });

  afterAll(async () => {
    bystander.destroy();
    await server[Symbol.asyncDispose]();
  });

  async function expectUndisturbed(): Promise<void> {
    bystander.write("PING\r\n");
    const [answer] = (await once(bystander, "data")) as [Buffer];
    expect(answer.toString()).toBe("+PONG\r\n");
    expect(server.stderr).toBe("");
  }

  it("answers a malformed frame as the protocol says, and closes that connection only", async () => {
    const answer = await converse(server.port, "PING\r\n*1\r\nwhat\r\n", false);
    expect(answer).toBe("+PONG\r\n-ERR Protocol error: expected '$', got 'w'\r\n");
    await expectUndisturbed();
  });

  it("refuses an oversized bulk", async () => {
    const answer = await converse(server.port, "*1\r\n$600000000\r\n", false);
    expect(answer).toBe("-ERR Protocol error: invalid bulk length\r\n");
    await expectUndisturbed();
  });

  it("refuses a line that does not end", async () => {
    const answer = await converse(server.port, "x".repeat(70_000), false);
    expect(answer).toBe("-ERR Protocol error: too big inline request\r\n");
    await expectUndisturbed();
  });

  it("answers all that came before a half-close", async () => {
    expect(await converse(server.port, "SET k v\r\nGET k\r\nGET")).toBe("+OK\r\n$1\r\nv\r\n");
    await expectUndisturbed();
  });

  it("goes on when a peer resets the connection", async () => {
    const socket = connect(server.port, "127.0.0.1");
    socket.write("*2\r\n$3\r\nGET\r\n$100\r\nabc");
    await once(socket, "connect");
    socket.resetAndDestroy();
    await once(socket, "close");
    await expectUndisturbed();
  });

  it("answers a peer that sends one byte at a time", async () => {
    const socket = connect({ port: server.port, host: "127.0.0.1", noDelay: true });
    let answer = "";
    socket.setEncoding("latin1").on("data", (text: string) => (answer += text));
    for (const byte of "*2\r\n$4\r\nECHO\r\n$5\r\nhello\r\n".split("")) {
      await new Promise<void>((resolve) => void socket.write(byte, () => resolve()));
    }
    await expect.poll(() => answer).toBe("$5\r\nhello\r\n");
    socket.destroy();
  });

  it("lets a peer wait that does not read, and keeps its replies", async () => {
    await converse(server.port, `SET large ${"x".repeat(60_000)}\r\n`);
    const socket = connect(server.port, "127.0.0.1");
    socket.pause();
    for (let round = 0; round < 20; round += 1) socket.write("GET large\r\n".repeat(50));
    await expectUndisturbed();
    let length = 0;
    socket.on("data", (chunk: Buffer) => (length += chunk.length));
    socket.resume();
    socket.end();
    await once(socket, "close");
    expect(length).toBe(1_000 * (60_000 + "$60000\r\n\r\n".length));
  });

  it("drops a subscriber that does not read, and the others get everything", async () => {
    const [stuck, reads] = [connect(server.port, "127.0.0.1"), connect(server.port, "127.0.0.1")];
    for (const socket of [stuck, reads]) {
      socket.write("SUBSCRIBE news\r\n");
      await once(socket, "data");
    }
    stuck.pause().on("error", () => {});
    let received = 0;
    reads.on("data", (chunk: Buffer) => (received += chunk.length));
    const payload = "x".repeat(1_000_000);
    const message = `*3\r\n$7\r\nPUBLISH\r\n$4\r\nnews\r\n$${payload.length}\r\n${payload}\r\n`;
    const counts: string[] = [];
    for (let sent = 0; sent < 100; sent += 1) counts.push(await converse(server.port, message));
    expect(counts[0]).toBe(":2\r\n");
    expect(counts.at(-1)).toBe(":1\r\n");
    const frame = `*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$${payload.length}\r\n\r\n`;
    await expect.poll(() => received, { timeout: 20_000 }).toBe(100 * (payload.length + frame.length));
    stuck.resume();
    await once(stuck, "close");
    reads.destroy();
    await expectUndisturbed();
  });

  it("takes other limits for what is unread, as redis writes them", async () => {
    await using other = await MiniRedis.start("--client-output-buffer-limit", "pubsub 1000 0 0");
    const answer = await converse(other.port, "CONFIG GET client-output-buffer-limit\r\n");
    expect(answer).toContain("normal 0 0 0 pubsub 1000 0 0\r\n");
    await using wrong = new ExampleProcess("mini-redis", "--client-output-buffer-limit", "pubsub 1mb");
    expect(await wrong.end()).toBe(1);
    expect(wrong.stderr).toContain("pubsub HARD SOFT SECONDS");
  });

  it("answers in pieces what is longer than any text can be", async () => {
    const [value, times] = ["x".repeat(16_000), 34_000];
    await converse(server.port, `SET value ${value}\r\n`);
    const socket = connect(server.port, "127.0.0.1");
    let length = 0;
    socket.on("data", (chunk: Buffer) => (length += chunk.length));
    socket.end(`*${times + 1}\r\n$4\r\nMGET\r\n${"$5\r\nvalue\r\n".repeat(times)}`);
    await once(socket, "close");
    expect(length).toBe(`*${times}\r\n`.length + times * (value.length + "$16000\r\n\r\n".length));
    expect(length).toBeGreaterThan(constants.MAX_STRING_LENGTH);
    await expectUndisturbed();
  });

  it("serves who waits when one of --maxclients has gone", async () => {
    await using small = await MiniRedis.start("--maxclients", "1");
    const first = connect(small.port, "127.0.0.1");
    first.write("PING\r\n");
    await once(first, "data");
    const second = converse(small.port, "PING\r\n");
    first.destroy();
    expect(await second).toBe("+PONG\r\n");
  });

  it("ends with 0 on ctrl-c, and connections are closed in order", async () => {
    await using other = await MiniRedis.start();
    const idle = connect(other.port, "127.0.0.1");
    idle.write("PING\r\n");
    await once(idle, "data");
    const ended = once(idle.resume(), "end");
    expect(await other.interrupt()).toBe(0);
    await ended;
    expect(other.stdout).toMatch(/shut down\n$/);
  });

  it("says which address is in use, and ends with 1", async () => {
    await using second = new ExampleProcess("mini-redis", "--port", `${server.port}`);
    expect(await second.end()).toBe(1);
    expect(second.stderr).toContain("EADDRINUSE");
    expect(second.stderr).toContain(`port: ${server.port}`);
  });
});
