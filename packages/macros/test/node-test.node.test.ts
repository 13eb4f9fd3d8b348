import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "@rt/macros/node-test";
import { describe, expect, it } from "vitest";
import { thrownBy } from "./support/leaves.ts";

interface Outcome {
  readonly ok: boolean;
  readonly text: string;
}

/** Runs the program once, and gives the outcome of each of its tests. */
function outcomes(): { readonly results: Map<string, Outcome>; readonly err: string } {
  const file = join(import.meta.dirname, "programs/node-tests.ts");
  const { NODE_OPTIONS: _, NODE_TEST_CONTEXT: __, RT_DEBUG: ___, ...env } = process.env;
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ["--conditions=@rt/source", "--test-reporter=tap", file],
    { encoding: "utf8", env },
  );
  const results = new Map<string, Outcome>();
  for (const part of stdout.split(/^# Subtest: /m).slice(1)) {
    const [name = ""] = part.split("\n", 1);
    results.set(name, { ok: /^ok /m.test(part), text: part });
  }
  return { results, err: stderr };
}

describe("test for node:test", { timeout: 60_000 }, () => {
  const { results, err } = outcomes();
  const one = (name: string): Outcome => results.get(name) ?? { ok: false, text: "it did not run" };

  it("runs generator functions with the context of node:test", () => {
    expect(one("generator")).toMatchObject({ ok: true });
  });

  it("runs async functions on a runtime that its options describe", () => {
    expect(one("async")).toMatchObject({ ok: true });
  });

  it("fails with what the body throws", () => {
    expect(one("fails").ok).toBe(false);
    expect(one("fails").text).toContain("broken body");
  });

  it("fails when a task fails and nobody waits for it", () => {
    expect(one("unnoticed").ok).toBe(false);
    expect(one("unnoticed").text).toContain("unnoticed failure");
  });

  it("tells what a test waited for that has timed out, and ends it", () => {
    expect(one("times out").ok).toBe(false);
    expect(err).toContain("pending(), which never completes");
  });

  // The runner of Node 22 cancels what is left when the event loop is empty, before anybody can say why.
  it.runIf(Number.parseInt(process.versions.node, 10) >= 24)(
    "fails at once when nothing is left that could wake its body",
    () => {
      expect(one("deadlock").ok).toBe(false);
      expect(one("deadlock").text).toContain("ERR_RT_DEADLOCK");
    },
  );

  it("has the variants skip and todo", () => {
    expect(one("skipped").text).toContain("# SKIP");
    expect(one("to be done").text).toContain("# TODO");
  });

  it("refuses bad options where the test is declared", () => {
    expect(thrownBy(() => test("never", { workerThreads: 2 }, () => {}))).toMatchObject({
      name: "TypeError",
    });
  });
});
