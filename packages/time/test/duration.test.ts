import { advance, type Duration, Instant, interval, sleep, timeout } from "@rt/time";
import { describe, expect, it } from "vitest";
import { thrownBy } from "./support/runtime.ts";

/** The milliseconds that a duration stands for. */
function millis(duration: Duration): number {
  return Instant.fromMillis(0).add(duration).toMillis();
}

describe("Duration", () => {
  it.each<[Duration, number]>([
    [0, 0],
    [1.5, 1.5],
    [{ weeks: 1 }, 604_800_000],
    [{ days: 1 }, 86_400_000],
    [{ hours: 1 }, 3_600_000],
    [{ minutes: 1 }, 60_000],
    [{ seconds: 1 }, 1000],
    [{ milliseconds: 1 }, 1],
    [{ microseconds: 1 }, 0.001],
    [{ nanoseconds: 1 }, 0.000001],
    [{ seconds: 0 }, 0],
    [{ minutes: 1, seconds: 30, milliseconds: 5 }, 90_005],
    [{ years: 0, months: 0, days: 2 }, 172_800_000],
  ])("%o stands for %d ms", (duration, ms) => {
    expect(millis(duration)).toBe(ms);
  });

  it("reads fields that are getters of a class, as those of Temporal.Duration are", () => {
    class Two {
      get seconds(): number {
        return 2;
      }
    }
    expect(millis(new Two())).toBe(2000);
  });

  it.each<[unknown, string]>([
    [-1, "ERR_RT_OUT_OF_RANGE"],
    [NaN, "ERR_RT_OUT_OF_RANGE"],
    [{ seconds: -1 }, "ERR_RT_OUT_OF_RANGE"],
    [{ seconds: NaN }, "ERR_RT_OUT_OF_RANGE"],
    [{ years: 1 }, "ERR_RT_OUT_OF_RANGE"],
    [{ months: 1, days: 3 }, "ERR_RT_OUT_OF_RANGE"],
    [{}, "ERR_RT_INVALID_ARGUMENT"],
    [{ second: 1 }, "ERR_RT_INVALID_ARGUMENT"],
    [{ seconds: "1" }, "ERR_RT_INVALID_ARGUMENT"],
    ["1s", "ERR_RT_INVALID_ARGUMENT"],
    [10n, "ERR_RT_INVALID_ARGUMENT"],
    [null, "ERR_RT_INVALID_ARGUMENT"],
    [undefined, "ERR_RT_INVALID_ARGUMENT"],
  ])("%o is refused with %s", (duration, code) => {
    expect(thrownBy(() => millis(duration as Duration))).toMatchObject({ code });
  });

  it.each<[string, (duration: Duration) => unknown]>([
    ["sleep", sleep],
    ["timeout", (duration) => timeout(duration, sleep(1))],
    ["interval", interval],
    ["advance", advance],
  ])("is checked by %s when it is called", (_name, use) => {
    expect(thrownBy(() => use(-1))).toBeInstanceOf(RangeError);
  });
});
