/** The handle that waits for a spawned task. */
import type { AbortHandle } from "./abort-handle.ts";
import { Future } from "./future.ts";
import type { Id } from "./task-id.ts";

/**
 * Waits for the result of a spawned task: `yield* handle` or `await handle`.
 *
 * Gives the task's value, throws the task's own error, or throws {@link JoinError} when the task was aborted. It
 * completes only when the task and all cleanup it owns have ended. Unlike other futures it may be waited for any
 * number of times, at the same time too, and gives the same result each time.
 *
 * Dropping the handle ({@link JoinHandle.drop}, `using`) detaches the task: it keeps running and its value is let go.
 * A task that fails while nobody waits for it is reported ({@link Builder.onReport}).
 *
 * Cancel safety: giving up a wait loses nothing; the task keeps running.
 *
 * An async function that returns a handle waits for the task instead: wrap the handle in an object.
 *
 * @example
 * ```ts
 * function* double(n: number): Async<number> {
 *   yield* yieldNow();
 *   return 2 * n;
 * }
 * const handle = spawn(double(21));
 * const value = yield* handle;
 * value; // => 42
 * ```
 * @see Tokio `task::JoinHandle`. There, awaiting it twice panics and a failed task gives a `JoinError`.
 * @public
 */
export abstract class JoinHandle<T> extends Future<T> {
  /**
   * Stops the task at its next suspension; one that waits is not polled again. Its `finally` blocks run, and the task
   * ends when they have: a second `abort()` does not wait for them. No effect on a task that has ended.
   *
   * A task that ends before it next suspends keeps its value. One that waits for a promise of somebody else's ends without
   * it; its code is told when that settles.
   */
  abstract abort(): void;

  /** True once the task and its cleanup have ended. */
  abstract isFinished(): boolean;

  /** The task's id. It stays valid after the end. */
  abstract id(): Id;

  /** The name given by {@link TaskBuilder.name}, or `undefined`. */
  abstract name(): string | undefined;

  /**
   * What the task waits for no longer keeps the process alive by its timers: for work in the background of a library,
   * such as emptying a cache now and then. Sockets, files and processes do as before; so do tasks that it spawns.
   * Anything that has a result may be made so, at any time. Gives the handle back.
   * @see no counterpart in Tokio, where only `block_on` keeps a program running. As `unref()` of the host's timers.
   */
  abstract unref(): this;

  /** Undoes {@link JoinHandle.unref}. */
  abstract ref(): this;

  /** Whether the timers that the task waits for keep the process alive, where those of its runtime do. */
  abstract hasRef(): boolean;

  /** A handle that can abort the task but not wait for it. */
  abstract abortHandle(): AbortHandle;
}
