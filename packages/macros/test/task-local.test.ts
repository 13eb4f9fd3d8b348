import { AccessError, TaskLocal } from "@rt/core";
import { taskLocal } from "@rt/macros";
import { describe, expect, it } from "vitest";
import { Countdown, inLane, LANES, thrownBy } from "./support/leaves.ts";

describe("taskLocal", () => {
  it.each(LANES)("makes a value that the code of its scope sees, in the %s lane", async (lane) => {
    const key = taskLocal<number>("key");
    const seen = await inLane(lane, () =>
      key.scope(7, async () => {
        await new Countdown(1, 0);
        return key.get();
      }),
    );
    expect(seen).toBe(7);
  });

  it("gives a TaskLocal whose name is in the error", () => {
    const key = taskLocal<string>("requestId");
    expect(key).toBeInstanceOf(TaskLocal);
    const error = thrownBy(() => key.get());
    expect(error).toBeInstanceOf(AccessError);
    expect((error as Error).message).toContain("requestId");
  });

  it("needs no name", () => {
    expect(taskLocal().syncScope(1, () => "ran")).toBe("ran");
  });
});
