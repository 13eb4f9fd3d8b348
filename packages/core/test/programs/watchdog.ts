/** Blocks its thread until the watchdog has said so in the file that both write to. */
import { readFileSync, writeSync } from "node:fs";
import { Builder, TaskBuilder, yieldNow } from "@rt/core";

const [, , output = "", lane = ""] = process.argv;
const MOST_MS = 20_000;

function block(): void {
  const end = performance.now() + MOST_MS;
  while (performance.now() < end && !readFileSync(output, "utf8").includes("has been blocking")) {
    // That is the point.
  }
  writeSync(1, "let go\n");
}

const runtime = Builder.currentThread().watchdog(40).build();
await runtime.blockOn(async () => {
  await new TaskBuilder().name("hog").spawn(
    lane === "async"
      ? async () => {
          await yieldNow();
          block();
        }
      : (function* () {
          yield* yieldNow();
          block();
        })(),
  );
});
runtime.shutdownBackground();
