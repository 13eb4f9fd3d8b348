import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { hasTools } from "./support/tools.ts";

const MISSING = ["rt-no-such-program"];

describe("tests that need a program of the system", () => {
  beforeEach(() => {
    vi.stubEnv("RT_REQUIRE_TOOLS", "");
    vi.spyOn(console, "warn").mockReturnValue();
  });

  afterEach(() => {
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
  });

  it("are skipped without it, with a notice that says what to install, though CI is set", () => {
    vi.stubEnv("CI", "true");
    expect(hasTools("rt-tools", MISSING)).toBe(false);
    expect(console.warn).toHaveBeenCalledExactlyOnceWith(
      "Skipped, because there is no rt-no-such-program: apt-get install rt-tools",
    );
  });

  it("run all the same, and fail, where RT_REQUIRE_TOOLS asks for it", () => {
    vi.stubEnv("RT_REQUIRE_TOOLS", "1");
    expect(hasTools("rt-tools", MISSING)).toBe(true);
  });

  it("run where it is there", () => {
    expect(hasTools("nodejs", [process.execPath])).toBe(true);
    expect(console.warn).not.toHaveBeenCalled();
  });
});
