/** Where a task was spawned, for those who asked to know. */
import { isError } from "./other-realm.ts";

/** V8's way to leave the library's own frames out of a stack. */
const capture = (Error as { captureStackTrace?: (target: object, above?: unknown) => void })
  .captureStackTrace;

/** The stack at this moment, without the frames from `above` inwards. Reading it is put off until somebody asks. */
export function captureSite(above: unknown): Error {
  const site = new Error("spawned here");
  capture?.(site, above);
  return site;
}

/** The frames alone, one a line. */
export function siteFrames(site: Error): string {
  return stackOf(site)
    .split("\n")
    .filter((line) => /^\s+at |@/.test(line))
    .map((line) => line.trim())
    .join("\n");
}

/** Adds the frames of the spawn to an error's stack, once. */
export function appendSite(error: unknown, site: Error, label: string): void {
  try {
    if (!isError(error) || typeof error.stack !== "string" || error.stack.includes(SEAM)) return;
    const frames = siteFrames(site).replaceAll(/^/gm, "    ");
    error.stack += `\n    ${SEAM}${label} was spawned here ---\n${frames}`;
  } catch {
    // A frozen error keeps its stack; there are others that can't be looked at.
  }
}

/** A program may make what it likes of stacks (`Error.prepareStackTrace`), or fail to. */
function stackOf(site: Error): string {
  try {
    const stack: unknown = site.stack;
    return typeof stack === "string" ? stack : "";
  } catch {
    return "";
  }
}

const SEAM = "--- ";
