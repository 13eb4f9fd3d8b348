/**
 * A contestant's process and the line protocol with it.
 *
 * One line in, `case contestant ops`; one line of JSON out. With `ops` 0 it loads the case and answers `ready` or
 * `absent`; else it takes one sample and answers `ns` (of the whole sample) or the metrics that the case declares.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "./contestants.ts";

/** Arbitrary, far above the slowest sample: a contestant that hangs must not hang the run. */
const LONGEST_ANSWER_MS = 180_000;

/** Arbitrary: what is left of a contestant then hangs. */
const LONGEST_END_MS = 2_000;

const BENCHES = join(import.meta.dirname, "..");

/** Elsewhere the contestants' left-over work overlaps. */
const CAN_STOP = process.platform !== "win32";

interface Reply {
  readonly ready?: boolean;
  readonly absent?: boolean;
  readonly error?: string;
  readonly [metric: string]: number | boolean | string | undefined;
}

/** A contestant that crashed, answered with an error, or took too long. */
export class ContestantError extends Error {
  override readonly name = "ContestantError";
}

export class Child {
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  #stderr = "";

  constructor(command: Command) {
    this.#process = spawn(command.file, command.args, {
      stdio: ["pipe", "pipe", "pipe"],
      // For contestants that are no Node themselves and start a load that is.
      env: { ...process.env, RT_BENCH_NODE: process.execPath, RT_BENCHES: BENCHES },
    });
    this.#process.on("error", (error) => (this.#stderr += error.message));
    this.#process.stderr?.setEncoding("utf8").on("data", (text: string) => (this.#stderr += text));
    const { stdout } = this.#process;
    if (stdout === null) throw new ContestantError("No standard output to read answers from");
    this.#lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
    this.#process.stdin?.on("error", () => {}); // a dead child is reported by the missing answer
  }

  /** Whether the child knows the case. */
  async load(caseName: string, word: string): Promise<boolean> {
    const reply = await this.#ask(`${caseName} ${word} 0`);
    return reply.ready === true;
  }

  /** Takes one sample and gives its metrics; `ns` is the time of the whole sample. */
  async sample(caseName: string, word: string, ops: number): Promise<Record<string, number>> {
    const reply = await this.#ask(`${caseName} ${word} ${ops}`);
    const metrics: Record<string, number> = {};
    for (const [name, value] of Object.entries(reply)) if (typeof value === "number") metrics[name] = value;
    return metrics;
  }

  /** It ends by itself, and what it has started with it; killed, it would leave servers behind. */
  end(): void {
    const child = this.#process;
    if (child.exitCode !== null || child.signalCode !== null) return;
    if (CAN_STOP) child.kill("SIGCONT");
    child.stdin?.end();
    const timer = setTimeout(() => child.kill("SIGKILL"), LONGEST_END_MS);
    child.once("exit", () => clearTimeout(timer));
  }

  async #ask(line: string): Promise<Reply> {
    if (CAN_STOP) this.#process.kill("SIGCONT");
    this.#process.stdin?.write(`${line}\n`);
    const reply = await this.#reply(line);
    // Its garbage collector may have threads at work still: they must not take the next contestant's time.
    if (CAN_STOP) this.#process.kill("SIGSTOP");
    return reply;
  }

  async #reply(line: string): Promise<Reply> {
    const answer = await Promise.race([
      this.#lines.next(),
      sleep(LONGEST_ANSWER_MS, undefined, { ref: false }),
    ]);
    if (answer === undefined) throw new ContestantError(`No answer to "${line}" in ${LONGEST_ANSWER_MS} ms`);
    if (answer.done === true) {
      throw new ContestantError(`Ended without an answer to "${line}"\n${this.#stderr.trim()}`);
    }
    const reply = parse(answer.value);
    if (reply.error !== undefined) throw new ContestantError(reply.error);
    return reply;
  }
}

function parse(line: string): Reply {
  try {
    // Both sides of the protocol are ours; what is no reply at all shows as a syntax error.
    return JSON.parse(line) as Reply;
  } catch {
    throw new ContestantError(`Answered with something that is not JSON: ${line}`);
  }
}
