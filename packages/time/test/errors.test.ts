import { Elapsed, TimeError } from "@rt/time";
import { describe, expect, it } from "vitest";

describe("Elapsed", () => {
  it("carries its code and says what happened", () => {
    const error = new Elapsed();
    expect([error.name, error.code]).toEqual(["Elapsed", "ERR_RT_ELAPSED"]);
    expect(error.message).toContain("time is up");
  });
});

describe("TimeError", () => {
  const errors = [TimeError.shutdown(), TimeError.atCapacity(), TimeError.invalid()];

  it("tells its three reasons apart", () => {
    expect(errors.map((error) => [error.isShutdown(), error.isAtCapacity(), error.isInvalid()])).toEqual([
      [true, false, false],
      [false, true, false],
      [false, false, true],
    ]);
  });

  it("names its reason", () => {
    expect(errors.map(({ reason }) => reason)).toEqual(["shutdown", "atCapacity", "invalid"]);
  });

  it("has a text of its own for each", () => {
    expect(new Set(errors.map(({ message }) => message)).size).toBe(3);
  });

  it("carries one code", () => {
    expect(errors.map(({ code }) => code)).toEqual(["ERR_RT_TIME", "ERR_RT_TIME", "ERR_RT_TIME"]);
  });
});
