import { createServer } from "node:net";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { accepting, freePort, Program, runsExamples } from "./support/example.ts";

describe.runIf(runsExamples)("examples/hello-world", () => {
  it("says hello to the server, closes the connection and ends", async () => {
    const { port, accept } = await accepting();
    const program = new Program("hello-world", [`127.0.0.1:${port}`]);
    const peer = await accept();
    expect(await peer.finish()).toBe("hello world\n");
    expect(await program.ends()).toMatchObject({
      status: 0,
      stdout: `said hello to 127.0.0.1:${port}\n`,
      stderr: "",
    });
  });

  it("looks up the name of the server", async () => {
    const server = createServer((socket) => void socket.resume());
    server.listen(0, "localhost");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    const { status } = await new Program("hello-world", [`localhost:${port}`]).ends();
    server.close();
    expect(status).toBe(0);
  });

  it("fails with Node's code, address and port when nobody listens", async () => {
    const port = await freePort();
    const { status, stderr } = await new Program("hello-world", [`127.0.0.1:${port}`]).ends();
    expect(status).toBe(1);
    expect(stderr).toContain("ECONNREFUSED");
    expect(stderr).toContain(`port: ${port}`);
  });

  it.each(["no address", "127.0.0.1", "127.0.0.1:99999"])(
    "fails for %j, which is no address",
    async (bad) => {
      const { status, stderr } = await new Program("hello-world", [bad]).ends();
      expect(status).toBe(1);
      expect(stderr).toContain("Cannot use the address");
    },
  );
});
