/** Examples as programs of their own, as their README line runs them. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

/** Examples are written for the Node the project is developed on: 22 has no `using` yet. */
export const runsExamples: boolean = Number.parseInt(process.versions.node, 10) >= 24;

/** The packages' sources where these tests use them, else what was built. */
const CONDITIONS = process.execArgv.filter((option) => option === "--conditions=@rt/source");

export class ExampleProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  stdout = "";
  stderr = "";

  constructor(example: string, ...args: readonly string[]) {
    const cwd = join(import.meta.dirname, "../../../examples", example);
    this.#child = spawn(process.execPath, [...CONDITIONS, "main.ts", ...args], { cwd });
    this.#ended = once(this.#child, "close");
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => (this.stdout += text));
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => (this.stderr += text));
  }

  /** Waits until it has printed something like that, and gives it. */
  async printed(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.stdout);
      if (found !== null) return found;
      if (this.#child.exitCode !== null) throw new Error(`it has ended:\n${this.stdout}${this.stderr}`);
      await Promise.race([
        once(this.#child.stdout as NonNullable<ChildProcess["stdout"]>, "data"),
        this.#ended,
      ]);
    }
  }

  /** Waits for its end; gives the exit code. */
  async end(): Promise<number | null> {
    await this.#ended;
    return this.#child.exitCode;
  }

  /** As if somebody pressed ctrl-c; gives the exit code. */
  interrupt(): Promise<number | null> {
    this.#child.kill("SIGINT");
    return this.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended;
  }
}

/** A mini-redis on a free port. */
export class MiniRedis extends ExampleProcess {
  /** 0 until {@link MiniRedis.start} has come back. */
  port = 0;

  static async start(...args: readonly string[]): Promise<MiniRedis> {
    const server = new MiniRedis("mini-redis", "--port", "0", ...args);
    const [, port] = await server.printed(/listening on [\d.]+:(\d+)\n/);
    server.port = Number(port);
    return server;
  }
}
