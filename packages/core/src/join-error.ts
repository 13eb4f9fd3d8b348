/** Why a task has no value. */
import { UsageError } from "./errors.ts";
import type { Id } from "./task-id.ts";

/**
 * Thrown by `await handle` when the task was aborted, its runtime shut down, or its thread died; and by
 * {@link JoinSet.joinNextWithId} for every task that has no value.
 *
 * A task that fails throws its own error from `await handle`; where a JoinError stands for it, that error is the
 * `cause`.
 * @see Tokio `task::JoinError`
 * @public
 */
export class JoinError extends Error {
  override readonly name = "JoinError";
  readonly code: "ERR_RT_CANCELLED" | "ERR_RT_PANIC";
  readonly #id: Id;
  readonly #panic: boolean;

  private constructor(id: Id, panic: boolean, message: string, options?: ErrorOptions) {
    super(message, options);
    this.#id = id;
    this.#panic = panic;
    this.code = panic ? "ERR_RT_PANIC" : "ERR_RT_CANCELLED";
  }

  /** @internal */
  static _of(id: Id, panic: boolean, message: string, options?: ErrorOptions): JoinError {
    return new JoinError(id, panic, message, options);
  }

  /** The id of the task. */
  id(): Id {
    return this.#id;
  }

  /** True when the task was aborted or its runtime shut down. */
  isCancelled(): boolean {
    return !this.#panic;
  }

  /** True when the task threw. */
  isPanic(): boolean {
    return this.#panic;
  }

  /**
   * What the task threw.
   * @throws {@link UsageError} when the task was cancelled.
   */
  intoPanic(): unknown {
    if (this.#panic) return this.cause;
    throw new UsageError("ERR_RT_INVALID_STATE", `${this.message} and threw nothing; ask isPanic() first`, {
      cause: this,
    });
  }

  /** What the task threw, or this error itself when the task was cancelled. */
  tryIntoPanic(): unknown {
    return this.#panic ? this.cause : this;
  }
}
