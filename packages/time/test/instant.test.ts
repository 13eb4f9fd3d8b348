import { Builder } from "@rt/core";
import { advance, Instant } from "@rt/time";
import { describe, expect, it } from "vitest";
import { block, enterPaused, TestWaker, thrownBy } from "./support/runtime.ts";

const OUT_OF_RANGE = { name: "RangeError", code: "ERR_RT_OUT_OF_RANGE" };
const END = 2 ** 52;

describe("Instant.now", () => {
  it("never goes back", () => {
    let last = Instant.now();
    for (let i = 0; i < 1000; i += 1) {
      const now = Instant.now();
      expect(now >= last).toBe(true);
      last = now;
    }
  });

  it("follows the paused clock of the current runtime", () => {
    enterPaused();
    const start = Instant.now();
    block(2);
    advance(7).poll(new TestWaker());
    expect(Instant.now().durationSince(start)).toBe(7);
  });

  it("needs no driver to tell the time", () => {
    const runtime = Builder.currentThread().build();
    runtime.shutdownBackground();
    const guard = runtime.enter();
    const before = performance.now();
    const now = Instant.now().toMillis();
    guard.dispose();
    expect(now).toBeGreaterThanOrEqual(before);
  });
});

describe("Instant.fromMillis", () => {
  it("is the counterpart of toMillis", () => {
    expect(Instant.fromMillis(12.5).toMillis()).toBe(12.5);
  });

  it("shares its scale with performance.now()", () => {
    const before = performance.now();
    const now = Instant.now();
    const after = performance.now();
    expect(now >= Instant.fromMillis(before) && now <= Instant.fromMillis(after)).toBe(true);
  });

  it.each([NaN, Infinity, -Infinity, END + 1])("refuses %d", (ms) => {
    expect(thrownBy(() => Instant.fromMillis(ms))).toMatchObject(OUT_OF_RANGE);
  });

  it("takes nothing but a number", () => {
    expect(thrownBy(() => Instant.fromMillis("5" as never))).toMatchObject({
      code: "ERR_RT_INVALID_ARGUMENT",
    });
  });
});

describe("Instant", () => {
  const early = Instant.fromMillis(100);
  const late = Instant.fromMillis(350.25);

  it("tells the milliseconds since an earlier one", () => {
    expect([
      late.durationSince(early),
      late.checkedDurationSince(early),
      late.saturatingDurationSince(early),
    ]).toEqual([250.25, 250.25, 250.25]);
  });

  it("tells 0 since a later one, and null where that is checked", () => {
    expect([
      early.durationSince(late),
      early.checkedDurationSince(late),
      early.saturatingDurationSince(late),
    ]).toEqual([0, null, 0]);
  });

  it("tells 0 since itself, also where that is checked", () => {
    expect([early.durationSince(early), early.checkedDurationSince(early)]).toEqual([0, 0]);
  });

  it("compares", () => {
    expect([early < late, early > late, early.equals(late), early.equals(Instant.fromMillis(100))]).toEqual([
      true,
      false,
      false,
      true,
    ]);
  });

  it("tells how long ago it was", () => {
    enterPaused();
    const start = Instant.now();
    advance(12.5).poll(new TestWaker());
    expect(start.elapsed()).toBe(12.5);
  });

  it("takes durations of both kinds", () => {
    expect([early.add(5).toMillis(), early.sub({ milliseconds: 5 }).toMillis()]).toEqual([105, 95]);
  });

  it("reaches before the start of the clock", () => {
    expect(early.sub({ hours: 1 }).toMillis()).toBe(100 - 3_600_000);
  });
});

describe("Instant.checkedAdd", () => {
  it("gives null beyond the end of the clock", () => {
    const last = Instant.fromMillis(END);
    expect([last.checkedAdd(0)?.toMillis(), last.checkedAdd(1), last.checkedAdd(Infinity)]).toEqual([
      END,
      null,
      null,
    ]);
  });
});

describe("Instant.checkedSub", () => {
  it("gives null beyond the beginning of the clock", () => {
    const first = Instant.fromMillis(-END);
    expect([first.checkedSub(0)?.toMillis(), first.checkedSub(1), first.checkedSub(Infinity)]).toEqual([
      -END,
      null,
      null,
    ]);
  });
});

describe("Instant.add", () => {
  it("throws beyond the end of the clock", () => {
    expect(thrownBy(() => Instant.now().add(Infinity))).toMatchObject(OUT_OF_RANGE);
  });
});

describe("Instant.sub", () => {
  it("throws beyond the beginning of the clock", () => {
    expect(thrownBy(() => Instant.now().sub(Infinity))).toMatchObject(OUT_OF_RANGE);
  });
});
