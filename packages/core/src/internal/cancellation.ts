/** Which errors say no more than that a computation was dropped. */
import type { Task } from "./task.ts";
import { isCancellation } from "./realm.ts";

/** What has a signal, and belongs to a task that has one. */
interface Dropped {
  readonly _controller: AbortController | null;
  readonly _task?: Task<unknown> | null;
}

/** How deep causes are looked into. Arbitrary; an error may be its own cause. */
const DEPTH = 8;

/**
 * Whether a dropped computation ended with `error` because it was dropped: the error is our `Cancelled` or was caused
 * by it, or something that was given the computation's signal says that it was aborted. What says so because of
 * another signal, which its cause shows, does not count.
 */
export function isOwnCancellation(dropped: Dropped, error: unknown): boolean {
  try {
    return isCausedByCancel(error) || (isAbort(error) && hasFired(dropped));
  } catch {
    return isCancellation(error); // hostile getters
  }
}

/** Whether `error` is our `Cancelled`, or has it as its cause. Of one that can't be looked at, it is not. */
export function isCausedByCancel(error: unknown): boolean {
  try {
    return hasCancelAsCause(error);
  } catch {
    return false;
  }
}

function hasCancelAsCause(error: unknown): boolean {
  for (let depth = 0; depth < DEPTH && error !== undefined && error !== null; depth += 1) {
    if (isCancellation(error)) return true;
    if (typeof error !== "object") return false;
    const { errors, cause } = error as Partial<AggregateError>;
    if (Array.isArray(errors) && errors.length > 0 && errors.every(isCausedByCancel)) return true;
    error = cause;
  }
  return false;
}

/** An error by which a function that was given a signal tells that it has fired, and no more. */
function isAbort(error: unknown): boolean {
  if (typeof error !== "object" || error === null) return false;
  const { name, code, cause } = error as { name?: unknown; code?: unknown; cause?: unknown };
  if (cause !== undefined && cause !== null) return false;
  return name === "AbortError" || code === "ABORT_ERR" || code === "ERR_CANCELED";
}

function hasFired({ _controller: own, _task: task }: Dropped): boolean {
  if (own?.signal.aborted === true) return true;
  if (task == null) return false;
  if (task._controller?.signal.aborted === true) return true;
  const body = task._body as Partial<Dropped> | null;
  return body?._controller?.signal.aborted === true;
}
