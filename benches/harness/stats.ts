/** Samples of one metric, summed up. */
export interface Summary {
  readonly best: number;
  readonly median: number;
  readonly samples: readonly number[];
}

/** `more`: the greatest is the best. */
export function summarize(samples: readonly number[], more = false): Summary {
  const sorted = samples.toSorted((a, b) => a - b);
  return { best: sorted.at(more ? -1 : 0) ?? Number.NaN, median: quantile(sorted, 0.5), samples };
}

/** Of ascending numbers; the nearest rank, or the mean of the two middle ones for the median of an even count. */
export function quantile(sorted: ArrayLike<number>, q: number): number {
  const { length } = sorted;
  if (length === 0) return Number.NaN;
  if (q === 0.5 && length % 2 === 0) {
    return ((sorted[length / 2 - 1] ?? Number.NaN) + (sorted[length / 2] ?? Number.NaN)) / 2;
  }
  return sorted[Math.min(length - 1, Math.max(0, Math.ceil(q * length) - 1))] ?? Number.NaN;
}
