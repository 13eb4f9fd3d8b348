import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { describe, expect, it, onTestFinished } from "vitest";
import { runsExamples, serve } from "./support/example.ts";

async function udp(port: number): Promise<Socket> {
  const socket = createSocket("udp4");
  onTestFinished(() => void socket.close());
  socket.connect(port, "127.0.0.1");
  await once(socket, "connect");
  return socket;
}

async function ask(socket: Socket, data: Buffer): Promise<Buffer> {
  socket.send(data);
  const [answer] = (await once(socket, "message")) as [Buffer];
  return answer;
}

describe.runIf(runsExamples)("examples/echo-udp", () => {
  it("sends each datagram back to whom it came from, whole", async () => {
    const [, port] = await serve("echo-udp");
    const [one, other] = [await udp(port), await udp(port)];
    expect(String(await ask(one, Buffer.from("one")))).toBe("one");
    expect(String(await ask(other, Buffer.from("other")))).toBe("other");
    expect(await ask(one, Buffer.alloc(0))).toHaveLength(0);
    expect(await ask(one, Buffer.alloc(60_000, "x"))).toHaveLength(60_000);
  });

  it("goes on when a sender is gone before the answer comes", async () => {
    const [program, port] = await serve("echo-udp");
    const gone = createSocket("udp4");
    gone.send("x", port, "127.0.0.1", () => gone.close());
    await once(gone, "close");
    expect(String(await ask(await udp(port), Buffer.from("still there?")))).toBe("still there?");
    expect(await program.interrupt()).toMatchObject({ status: 0, signal: null });
  });
});
