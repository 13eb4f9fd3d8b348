/** The background task that looks after clients which do not do anything themselves. */
import type { Async } from "@rt/core";
import { sleep } from "@rt/time";
import type { Shared } from "./session.ts";

/** How many ms lie between two rounds, as in redis. */
const PAUSE = 1_000;

/** Drops those that leave too much unread for too long, and, where there is a limit for it, those that are silent. */
export function* patrol(shared: Shared): Async<never> {
  for (;;) {
    // While there is nobody to look after, there is no timer either.
    while (shared.idleMs === 0 && shared.slow.size === 0) yield* shared.slowed.notified();
    yield* sleep(PAUSE);
    for (const session of shared.slow) session.checkOutput();
    if (shared.idleMs > 0) for (const session of shared.sessions.keys()) session.checkIdle();
  }
}
