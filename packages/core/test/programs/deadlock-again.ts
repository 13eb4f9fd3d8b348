/**
 * One deadlock after the other, each caught. Argument: where the next one is run into.
 *
 * Prints a line for each that was told.
 */
import { Worker } from "node:worker_threads";
import { Builder, DeadlockError, pending, type Runtime } from "@rt/core";

const runtime = Builder.currentThread().build();
const other = Builder.currentThread().build();

async function hang(on: Runtime): Promise<void> {
  await on.blockOn(pending());
}

function told(error: unknown): void {
  console.log(error instanceof DeadlockError ? error.code : "another error");
}

async function caught(on: Runtime): Promise<void> {
  try {
    await hang(on);
  } catch (error) {
    told(error);
  }
}

const scenes: Record<string, () => Promise<void>> = {
  async "in a row"() {
    for (let i = 0; i < 4; i += 1) await caught(runtime);
  },
  async "on another runtime"() {
    for (const on of [runtime, other, runtime, other]) await caught(on);
  },
  async "within the catch block"() {
    try {
      await hang(runtime);
    } catch (error) {
      told(error);
      try {
        await hang(other);
      } catch (second) {
        told(second);
        await caught(runtime);
        await caught(runtime);
      }
    }
  },
  async "behind real timers"() {
    for (let i = 0; i < 4; i += 1) {
      await caught(runtime);
      await new Promise((resolve) => {
        setTimeout(resolve, 2);
      });
    }
  },
  async "two at once"() {
    await Promise.all([caught(runtime), caught(other)]);
    await Promise.all([caught(runtime), caught(runtime)]);
  },
  "in a worker": () =>
    new Promise((resolve) => {
      const worker = new Worker(new URL(import.meta.url), { argv: ["in a row"] });
      worker.once("exit", () => resolve());
    }),
};

await (scenes[process.argv[2] ?? ""] as () => Promise<void>)();
console.log("end");
