/** Calls on descriptors that do not block. */
import { closeSync } from "node:fs";

/** Nothing there, or no room. */
export const NOT_NOW = -1;

/** What `call` gives; {@link NOT_NOW} where it would have had to wait. */
export function attempt(call: () => number): number {
  try {
    return call();
  } catch (error) {
    if (isAgain(error)) return NOT_NOW;
    throw error;
  }
}

export function isAgain(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  return code === "EAGAIN" || code === "EWOULDBLOCK";
}

/** Nobody is left to hear of an error. */
export function closeQuietly(fd: number): void {
  try {
    closeSync(fd);
  } catch {}
}
