/**
 * In debug mode, tells when work with files has kept all threads of Node's pool busy for long: whatever else needs one
 * (other files, names of hosts, compression) waits then, and nothing else says why.
 *
 * The pool takes its work in order, so the oldest calls are those that have the threads. Calls of others, which nobody
 * here knows of, may have some as well: then it is told too late, never without reason.
 */
import { Handle } from "@rt/core";
import { debug, hostNow, report } from "@rt/core/driver";
import { env } from "node:process";
import type { PathLike } from "node:fs";

/** Milliseconds. Arbitrary: far above what a disk takes. */
const LONG = 1_000;
/** libuv's, where `UV_THREADPOOL_SIZE` does not say otherwise. */
const THREADS = 4;
const MOST_THREADS = 1_024;
/** How many calls a report names. Arbitrary. */
const MOST_NAMED = 16;

interface Work {
  readonly verb: string;
  readonly path: PathLike | undefined;
  readonly since: number;
  readonly handle: Handle;
}

/** Oldest first. */
const underWay = new Set<Work>();
let isTold = false;
let timer: ReturnType<typeof setTimeout> | null = null;

/** Makes one call of the pool, by `start`; `verb` and `path` as for a `PoolCall`. */
export function callPool<A extends unknown[]>(
  verb: string,
  path: PathLike | undefined,
  start: (done: (...args: A) => void) => void,
  done: (...args: A) => void,
): void {
  if (!debug) {
    start(done);
    return;
  }
  const work: Work = { verb, path, since: hostNow(), handle: Handle.current() };
  underWay.add(work);
  const end = (): void => {
    underWay.delete(work);
    if (underWay.size < threads()) isTold = false;
  };
  try {
    start((...args) => {
      end();
      done(...args);
    });
  } catch (error) {
    // Node refuses the arguments before it starts anything.
    end();
    throw error;
  }
  look();
}

/** What the system has been told before Node started. */
function threads(): number {
  const asked = Number.parseInt(env["UV_THREADPOOL_SIZE"] ?? "", 10);
  if (Number.isNaN(asked)) return THREADS;
  return Math.min(Math.max(asked, 1), MOST_THREADS);
}

/** Tells if it is time to, and else looks again when it may be. */
function look(): void {
  const count = threads();
  if (isTold || timer !== null || underWay.size < count) return;
  const busy = [...underWay].slice(0, count);
  const youngest = busy.at(-1) as Work; // there are `count` of them, at least one
  const age = hostNow() - youngest.since;
  if (age >= LONG) {
    isTold = true;
    tell(busy);
    return;
  }
  timer = setTimeout(() => {
    timer = null;
    // If it was this thread that was busy, what has ended meanwhile is told first.
    setImmediate(look);
  }, LONG - age);
  // The calls keep the process alive as it is.
  timer.unref();
}

function tell(busy: readonly Work[]): void {
  const now = hostNow();
  const named = busy.slice(0, MOST_NAMED).map(({ verb, path, since }) => {
    const what = path === undefined ? `${verb} of a descriptor` : `${verb} of ${String(path)}`;
    return `${what} (${((now - since) / 1_000).toFixed(1)} s)`;
  });
  if (named.length < busy.length) named.push(`${busy.length - named.length} more`);
  const [{ handle }] = busy as [Work];
  report(handle, {
    kind: "pool-busy",
    message: `rt: work with files keeps all ${busy.length} threads of Node's pool busy, and other files and names of hosts wait for one; do less of it at once, or set UV_THREADPOOL_SIZE: ${named.join(", ")}`,
  });
}
