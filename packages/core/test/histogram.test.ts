import {
  HistogramConfiguration,
  InvalidHistogramConfiguration,
  LogHistogram,
  LogHistogramBuilder,
} from "@rt/core";
import { describe, expect, it } from "vitest";
import { thrownBy } from "./support/runtime.ts";

function ranges(configuration: HistogramConfiguration): { start: number; end: number }[] {
  return Array.from({ length: configuration.numBuckets() }, (_, i) => configuration.bucketRange(i));
}

describe("HistogramConfiguration.linear", () => {
  it("makes as many buckets as asked for, the last without an end", () => {
    expect(ranges(HistogramConfiguration.linear(2, 3))).toEqual([
      { start: 0, end: 2 },
      { start: 2, end: 4 },
      { start: 4, end: Infinity },
    ]);
  });

  it("makes one bucket of everything when asked for one", () => {
    expect(ranges(HistogramConfiguration.linear(5, 1))).toEqual([{ start: 0, end: Infinity }]);
  });

  it.each([0, -1, 1.5, NaN, 65_537])("refuses %s buckets with a RangeError", (count) => {
    const error = thrownBy(() => HistogramConfiguration.linear(1, count));
    expect(error).toBeInstanceOf(RangeError);
    expect(error).toMatchObject({ code: "ERR_RT_OUT_OF_RANGE" });
  });

  it.each([0, -1, NaN])("refuses a width of %s ms with a RangeError", (width) => {
    expect(thrownBy(() => HistogramConfiguration.linear(width, 3))).toBeInstanceOf(RangeError);
  });

  it("refuses a width without an end", () => {
    expect(thrownBy(() => HistogramConfiguration.linear(Infinity, 3))).toBeInstanceOf(RangeError);
  });
});

describe("HistogramConfiguration.bucketRange", () => {
  it.each([-1, 3, 0.5, NaN])("refuses bucket %s of three", (index) => {
    const error = thrownBy(() => HistogramConfiguration.linear(1, 3).bucketRange(index));
    expect(error).toMatchObject({ code: "ERR_RT_OUT_OF_RANGE", message: expect.stringContaining("bucket") });
  });
});

describe("HistogramConfiguration.log", () => {
  it("makes buckets without gaps, from 0 on, the last without an end", () => {
    const all = ranges(HistogramConfiguration.log());
    expect(all[0]?.start).toBe(0);
    expect(all.at(-1)?.end).toBe(Infinity);
    for (let i = 1; i < all.length; i += 1) expect(all[i]?.start).toBe(all[i - 1]?.end);
  });

  it("makes each bucket longer than nothing", () => {
    for (const { start, end } of ranges(HistogramConfiguration.log())) expect(end).toBeGreaterThan(start);
  });

  it("keeps the relative error of the default below a quarter", () => {
    const inner = ranges(HistogramConfiguration.log()).slice(1, -1);
    for (const { start, end } of inner) expect((end - start) / start).toBeLessThanOrEqual(0.25 + 1e-9);
  });

  it("doubles from bucket to bucket with precision 0", () => {
    const histogram = LogHistogram.builder().precisionExact(0).minValue(1).maxValue(8).build();
    const inner = ranges(HistogramConfiguration.log(histogram)).slice(1, -1);
    expect(inner.map(({ end }) => end)).toEqual([2, 4, 8]);
  });

  it("divides each doubling into four with precision 2", () => {
    const histogram = LogHistogram.builder().precisionExact(2).minValue(4).maxValue(8).build();
    const inner = ranges(HistogramConfiguration.log(histogram)).slice(1, -1);
    expect(inner.map(({ end }) => end)).toEqual([5, 6, 7, 8]);
  });
});

describe("LogHistogram", () => {
  it("reaches to about 68 s by default", () => {
    expect(LogHistogram.default().maxValue()).toBeCloseTo(68_719, 0);
  });

  it("starts at 100 ns by default", () => {
    expect(HistogramConfiguration.log(LogHistogram.default()).bucketRange(0).end).toBeCloseTo(1e-4, 9);
  });

  it("tells the longest time it was built for", () => {
    expect(LogHistogram.builder().maxValue(1000).build().maxValue()).toBeGreaterThanOrEqual(1000);
  });

  it("is made by a builder of its own class", () => {
    expect(LogHistogram.builder()).toBeInstanceOf(LogHistogramBuilder);
  });
});

describe("LogHistogramBuilder", () => {
  it.each([0, 1, -0.5, 2, NaN])("refuses a largest error of %s", (error) => {
    expect(thrownBy(() => LogHistogram.builder().maxError(error))).toMatchObject({
      code: "ERR_RT_OUT_OF_RANGE",
    });
  });

  it.each([0.9, 0.5, 0.25, 0.1, 0.01])("keeps the relative error below %s", (error) => {
    const histogram = LogHistogram.builder().maxError(error).minValue(1).maxValue(1024).build();
    const inner = ranges(HistogramConfiguration.log(histogram)).slice(1, -1);
    for (const { start, end } of inner) expect((end - start) / start).toBeLessThanOrEqual(error + 1e-9);
  });

  it.each([11, -1, 0.5])("refuses precision %s", (precision) => {
    expect(thrownBy(() => LogHistogram.builder().precisionExact(precision))).toBeInstanceOf(RangeError);
  });

  it.each([0, -1, NaN, Infinity])("refuses %s ms as the longest time", (ms) => {
    expect(thrownBy(() => LogHistogram.builder().maxValue(ms))).toBeInstanceOf(RangeError);
  });

  it.each([0, -1, NaN])("refuses %s ms as the shortest time", (ms) => {
    expect(thrownBy(() => LogHistogram.builder().minValue(ms))).toBeInstanceOf(RangeError);
  });

  it("refuses an endless shortest time", () => {
    expect(thrownBy(() => LogHistogram.builder().minValue(Infinity))).toBeInstanceOf(RangeError);
  });

  it("fails with the count that would be needed when too few buckets are allowed", () => {
    const needed = HistogramConfiguration.log(LogHistogram.default()).numBuckets();
    const error = thrownBy(() =>
      LogHistogram.builder()
        .maxBuckets(needed - 1)
        .build(),
    );
    expect(error).toBeInstanceOf(InvalidHistogramConfiguration);
    expect(error).toMatchObject({ code: "ERR_RT_TOO_MANY_BUCKETS", requiredBucketCount: needed });
  });

  it("builds with exactly the buckets that are needed", () => {
    const needed = HistogramConfiguration.log(LogHistogram.default()).numBuckets();
    const histogram = LogHistogram.builder().maxBuckets(needed).build();
    expect(HistogramConfiguration.log(histogram).numBuckets()).toBe(needed);
  });
});
