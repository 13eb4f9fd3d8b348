// Loads a program, and itself, on a worker thread, where neither must start.
import { isMainThread, Worker } from "node:worker_threads";
import { main } from "@rt/macros";

void main({ meta: import.meta }, async () => console.log("started"));
if (isMainThread) {
  for (const file of [import.meta.filename, new URL("./hello.ts", import.meta.url)])
    await new Promise((resolve) => {
      new Worker(file).once("exit", resolve);
    });
  console.log("workers over");
}
