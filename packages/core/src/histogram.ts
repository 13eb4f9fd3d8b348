/** How measured times are sorted into buckets. */
import { checkInteger, checkMillis, checkRange } from "./errors.ts";
import { bucketRange, linearEnds } from "./internal/counters.ts";

/**
 * The buckets of a histogram of times. Times are milliseconds; buckets are half-open, the first starts at 0 and the
 * last takes everything above it.
 * @see Tokio `runtime::HistogramConfiguration`
 * @public
 */
export class HistogramConfiguration {
  /** Where each bucket ends; the last one never does. @internal */
  readonly _ends: readonly number[];

  private constructor(ends: readonly number[]) {
    this._ends = ends;
  }

  /** `buckets` buckets of `widthMs` each. */
  static linear(widthMs: number, buckets: number): HistogramConfiguration {
    checkSpan("widthMs", widthMs);
    checkInteger("buckets", buckets, 1, MOST_BUCKETS);
    return new HistogramConfiguration(linearEnds(widthMs, buckets));
  }

  /** Buckets that grow with the time, for a bounded relative error. */
  static log(histogram: LogHistogram = LogHistogram.default()): HistogramConfiguration {
    return new HistogramConfiguration(histogram._ends);
  }

  /** How many buckets there are. */
  numBuckets(): number {
    return this._ends.length;
  }

  /** Where bucket `index` starts and ends, in milliseconds. The last one ends at `Infinity`. */
  bucketRange(index: number): { readonly start: number; readonly end: number } {
    return bucketRange(this._ends, index);
  }
}

const MOST_BUCKETS = 65_536;

function checkSpan(name: string, ms: number): void {
  checkMillis(name, ms);
  checkRange(ms > 0 && ms < Infinity, name, "more than 0 ms and finite", ms);
}

/**
 * Thrown by {@link LogHistogramBuilder.build} when the wanted precision needs more buckets than allowed.
 * @see Tokio `runtime::InvalidHistogramConfiguration`
 * @public
 */
export class InvalidHistogramConfiguration extends RangeError {
  override readonly name = "InvalidHistogramConfiguration";
  readonly code = "ERR_RT_TOO_MANY_BUCKETS";
  /** How many it would take. */
  readonly requiredBucketCount: number;
  /** @internal */
  constructor(required: number, allowed: number) {
    super(
      `Cannot build: ${required} buckets needed, ${allowed} allowed; allow a larger error or more buckets`,
    );
    this.requiredBucketCount = required;
  }
}

/**
 * Buckets whose width doubles every 2^precision buckets: from `minValue` on, the relative error stays below 2^-precision.
 * @see Tokio `runtime::LogHistogram`
 * @public
 */
export class LogHistogram {
  /** @internal */
  readonly _ends: readonly number[];
  readonly #maxMs: number;

  /** @internal */
  constructor(precision: number, minMs: number, maxMs: number) {
    const steps = 2 ** precision;
    const ends = [minMs];
    for (let base = minMs; base < maxMs; base *= 2) {
      for (let i = 1; i <= steps; i += 1) ends.push(base + (base * i) / steps);
    }
    ends.push(Infinity);
    this._ends = ends;
    this.#maxMs = maxMs;
  }

  /** 100 ns to about 68 s with an error of at most 25 %. */
  static default(): LogHistogram {
    return new LogHistogramBuilder().build();
  }

  static builder(): LogHistogramBuilder {
    return new LogHistogramBuilder();
  }

  /** The longest time that has a bucket of bounded error, in milliseconds. */
  maxValue(): number {
    return this.#maxMs;
  }
}

/** Chooses the precision and range of a {@link LogHistogram}. @see Tokio `runtime::LogHistogramBuilder` @public */
export class LogHistogramBuilder {
  #precision = 2;
  #minMs = 1e-4;
  #maxMs = 2 ** 36 / 1e6;
  #maxBuckets = Infinity;

  /** The largest relative error, above 0 and below 1. */
  maxError(error: number): this {
    checkRange(error > 0 && error < 1, "maxError", "between 0 and 1", error);
    this.#precision = Math.min(10, Math.max(0, Math.ceil(-Math.log2(error))));
    return this;
  }

  /** Divides every doubling into 2^`precision` buckets; 0 to 10. */
  precisionExact(precision: number): this {
    checkInteger("precision", precision, 0, 10);
    this.#precision = precision;
    return this;
  }

  /** Shorter times share the first bucket. */
  minValue(ms: number): this {
    checkSpan("minValue", ms);
    this.#minMs = ms;
    return this;
  }

  /** Longer times share the last bucket. */
  maxValue(ms: number): this {
    checkSpan("maxValue", ms);
    this.#maxMs = ms;
    return this;
  }

  /** {@link LogHistogramBuilder.build} fails when more buckets than this are needed. */
  maxBuckets(count: number): this {
    checkInteger("maxBuckets", count, 1, MOST_BUCKETS);
    this.#maxBuckets = count;
    return this;
  }

  /** @throws {@link InvalidHistogramConfiguration} when {@link LogHistogramBuilder.maxBuckets} is too small. */
  build(): LogHistogram {
    const histogram = new LogHistogram(this.#precision, this.#minMs, this.#maxMs);
    const required = histogram._ends.length;
    if (required > this.#maxBuckets) throw new InvalidHistogramConfiguration(required, this.#maxBuckets);
    return histogram;
  }
}
