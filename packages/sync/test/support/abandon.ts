/** Tasks of both lanes that are aborted at every point of a wait. */
import type { Future } from "@rt/core";
import { body, LANES, quietRuntime, rejectionOf, turn, type Lane } from "./polling.ts";

/** How far a wait has come when it is given up. */
const POINTS = ["before its first poll", "while it waits", "woken, before it is polled again"] as const;
export type Point = (typeof POINTS)[number];

/** Every lane with every point, for `it.each`. */
export const ABANDONED: readonly (readonly [Point, Lane])[] = POINTS.flatMap((point) =>
  LANES.map((lane) => [point, lane] as const),
);

/**
 * Lets a task of the lane wait for what `make` gives, and aborts it at the point. `satisfy` does what makes the wait
 * ready: it is called when the task waits, for the last point.
 */
export async function abandon(
  lane: Lane,
  point: Point,
  make: () => Future<unknown>,
  satisfy: () => void,
): Promise<void> {
  const { runtime } = quietRuntime();
  const handle = runtime.spawn(body(lane, make, () => {}));
  if (point !== "before its first poll") await turn();
  if (point === "woken, before it is polled again") satisfy();
  handle.abort();
  await rejectionOf(handle);
}
