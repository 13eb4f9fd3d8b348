/** The side of {@link file://./main.ts} in the server's process. */

import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Pinged } from "./held.ts";

const MAIN = join(import.meta.dirname, "main.ts");

type Reply = { readonly error?: string };

export class Load {
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor() {
    const flags = ["--disable-warning=ExperimentalWarning"];
    this.#process = spawn(process.execPath, [...flags, MAIN], { stdio: ["pipe", "pipe", "inherit"] });
    const { stdout } = this.#process;
    if (stdout === null) throw new Error("The load has no standard output");
    this.#lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
  }

  async echo(port: number, connections: number, bytes: number, messages: number): Promise<number> {
    const { ns } = (await this.#ask("echo", port, connections, bytes, messages)) as { readonly ns: number };
    return ns;
  }

  async open(port: number, connections: number): Promise<number> {
    const { open } = (await this.#ask("open", port, connections)) as { readonly open: number };
    return open;
  }

  async ping(rounds: number, periodMs: number): Promise<Pinged> {
    return (await this.#ask("ping", rounds, periodMs)) as Pinged;
  }

  async close(): Promise<void> {
    await this.#ask("close");
  }

  end(): void {
    this.#process.kill();
  }

  async #ask(...words: readonly (string | number)[]): Promise<unknown> {
    this.#process.stdin?.write(`${words.join(" ")}\n`);
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error("The load ended without an answer");
    // Both sides of the protocol are ours.
    const reply = JSON.parse(value) as Reply;
    if (reply.error !== undefined) throw new Error(`The load failed: ${reply.error}`);
    return reply;
  }
}
