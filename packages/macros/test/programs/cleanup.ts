// A task that is still there when the body ends, with a cleanup that waits.
import { pending, spawn, yieldNow, type Async } from "@rt/core";
import { main } from "@rt/macros";

function* background(): Async<void> {
  try {
    yield* pending();
  } finally {
    for (let i = 0; i < 3; i += 1) yield* yieldNow();
    console.log("cleaned up");
  }
}

function* body(): Async<string> {
  spawn(background());
  yield* yieldNow();
  console.log("body over");
  return "value";
}

console.log(await main(body()));
