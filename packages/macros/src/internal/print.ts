/** Printing of what was thrown, which may be anything. */
import { spell } from "@rt/core/driver";

export interface ConsoleLike {
  error(...values: unknown[]): void;
}

/** Prints a text and an error, or an error alone. One that the console does not get through is told in our words. */
export function print(
  console: ConsoleLike,
  ...values: [error: unknown] | [text: string, error: unknown]
): void {
  try {
    console.error(...values);
  } catch {
    console.error(...values.map((value) => (typeof value === "string" ? value : spell(value))));
  }
}
