/** Subscribers of the diagnostics channels that throw. What they throw is the program's own matter. */
import { subscribe } from "node:diagnostics_channel";
import { spawn, yieldNow, type Async } from "@rt/core";

let thrown = 0;
process.on("uncaughtException", () => void (thrown += 1));
for (const name of ["rt:task:spawn", "rt:task:poll", "rt:task:end", "rt:waker:wake", "rt:worker:park"]) {
  subscribe(name, () => {
    throw new Error("of the subscriber");
  });
}

function* work(): Async<string> {
  yield* yieldNow();
  return "done";
}

async function workAsync(): Promise<string> {
  await yieldNow();
  return "done";
}

const values = [await spawn(work()), await spawn(workAsync)];
await new Promise((resolve) => {
  setTimeout(resolve, 1);
});
console.log(values.join(), thrown > 4);
