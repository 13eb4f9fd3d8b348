/**
 * What becomes of values that were sent and will never be received: they are disposed, if they are disposable. A
 * channel owns what is in it, so a permit, a guard or a connection does not stay open because nobody came for it.
 */
export function discard(value: unknown): void {
  if (typeof value === "object" && value !== null && Symbol.dispose in value)
    (value as Disposable)[Symbol.dispose]();
}

/** Discards each, even if some throw; then throws what the first of those threw. */
export function discardAll(values: readonly unknown[]): void {
  const errors: unknown[] = [];
  for (const value of values) {
    try {
      discard(value);
    } catch (error) {
      errors.push(error);
    }
  }
  // oxlint-disable-next-line typescript/only-throw-error -- as it came
  if (errors.length > 0) throw errors[0];
}
