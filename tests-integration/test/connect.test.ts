import { createSocket } from "node:dgram";
import { once } from "node:events";
import { describe, expect, it, onTestFinished } from "vitest";
import { accepting, freePort, Program, runsExamples } from "./support/example.ts";

describe.runIf(runsExamples)("examples/connect", () => {
  it("sends what is typed and shows what comes", async () => {
    const { port, accept } = await accepting();
    const program = new Program("connect", [`127.0.0.1:${port}`]);
    const server = await accept();
    program.child.stdin.write("question\n");
    expect(await server.until("\n")).toBe("question\n");
    server.send("answer\n");
    expect(await program.stdout.until("\n")).toBe("answer\n");
  });

  it("waits for the answer when the input has ended", async () => {
    const { port, accept } = await accepting();
    const program = new Program("connect", [`127.0.0.1:${port}`]);
    program.child.stdin.end("everything");
    const server = await accept();
    expect(await server.rest()).toBe("everything");
    server.socket.end("late answer");
    expect(await program.ends()).toMatchObject({ status: 0, stdout: "late answer", stderr: "" });
  });

  it("ends when the server does, though somebody may go on typing", async () => {
    const { port, accept } = await accepting();
    const program = new Program("connect", [`127.0.0.1:${port}`]);
    (await accept()).socket.end("bye");
    expect(await program.ends()).toMatchObject({ status: 0, stdout: "bye", stderr: "" });
  });

  it("fails when the server resets the connection", async () => {
    const { port, accept } = await accepting();
    const program = new Program("connect", [`127.0.0.1:${port}`]);
    const server = await accept();
    program.child.stdin.write("x");
    await server.until("x");
    server.socket.resetAndDestroy();
    const { status, stderr } = await program.ends();
    expect(status).toBe(1);
    expect(stderr).toContain("ECONNRESET");
  });

  it("sends a datagram for each line with --udp, and shows what comes", async () => {
    const server = createSocket("udp4");
    onTestFinished(() => void server.close());
    server.on("message", ({ length }, { port, address }) => server.send(`${length} `, port, address));
    server.bind(0, "127.0.0.1");
    await once(server, "listening");
    const program = new Program("connect", ["--udp", `127.0.0.1:${server.address().port}`]);
    program.child.stdin.end("one\nthree\n");
    expect(await program.ends()).toMatchObject({ status: 0, stdout: "4 6 ", stderr: "" });
  });

  it("fails when nobody listens", async () => {
    const { status, stderr } = await new Program("connect", [`127.0.0.1:${await freePort()}`]).ends();
    expect(status).toBe(1);
    expect(stderr).toContain("ECONNREFUSED");
  });

  it("says how to call it when no address is given", async () => {
    const { status, stderr } = await new Program("connect").ends();
    expect(status).toBe(2);
    expect(stderr).toMatch(/^usage: /);
  });
});
