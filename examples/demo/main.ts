/** A first program: two tasks that run side by side. */
import { Builder, spawn, yieldNow } from "@rt/core";

function* count(name: string, to: number) {
  for (let i = 1; i <= to; i += 1) {
    console.log(`${name} ${i}`);
    yield* yieldNow();
  }
  return to;
}

const runtime = Builder.currentThread().build();
const total = await runtime.blockOn(function* () {
  const left = spawn(count("left", 3));
  const right = spawn(count("right", 2));
  return (yield* left) + (yield* right);
});
console.log(`counted ${total} in all`);
await runtime.shutdownTimeout(1_000);
