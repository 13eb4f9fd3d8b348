/* oxlint-disable typescript/no-floating-promises -- as with node:test itself: its promises never reject */
import assert from "node:assert";
import { Handle, pending, ready, spawn, yieldNow } from "@rt/core";
import { startsPaused } from "@rt/core/driver";
import { test } from "@rt/macros/node-test";

test("generator", function* (t) {
  assert.equal(yield* ready(t.name), "generator");
  assert.equal(Handle.current().name(), "generator");
});

test("async", { startPaused: true, timeout: 5000 }, async () => {
  await yieldNow();
  assert.equal(startsPaused(Handle.current()), true);
});

test("fails", function* () {
  yield* yieldNow();
  throw new Error("broken body");
});

test("unnoticed", function* () {
  spawn(async () => {
    throw new Error("unnoticed failure");
  });
  yield* yieldNow();
});

test("times out", { timeout: 50 }, function* () {
  // Else nothing would be left that could end the wait, which a runtime tells before the time is over.
  const alive = setInterval(() => {}, 1000);
  try {
    yield* pending();
  } finally {
    clearInterval(alive);
  }
});

test("deadlock", function* () {
  yield* pending();
});

test.skip("skipped", () => {
  throw new Error("it ran");
});

test.todo("to be done", () => {});
