/** The error classes of locks and cells that a caller may catch. */

/**
 * Thrown by what waits for a permit, or tries to get one, when the semaphore is closed.
 * @see Tokio `sync::AcquireError`, `sync::TryAcquireError::Closed`
 * @public
 */
export class AcquireError extends Error {
  override readonly name = "AcquireError";
  readonly code = "ERR_RT_SEMAPHORE_CLOSED";
  constructor(options?: ErrorOptions) {
    super("Cannot acquire: the semaphore is closed; stop acquiring", options);
  }
}

/**
 * Thrown by {@link OnceCell.set} and {@link SetOnce.set} when there is a value already, or one on its way.
 * @see Tokio `sync::SetError`, `sync::SetOnceError`
 * @public
 */
export class SetError<T = unknown> extends Error {
  override readonly name = "SetError";
  readonly code: "ERR_RT_ALREADY_INITIALIZED" | "ERR_RT_INITIALIZING";
  /** What was not set. */
  readonly value: T;
  constructor(code: SetError["code"], value: T, options?: ErrorOptions) {
    super(
      `Cannot set the value: ${code === "ERR_RT_INITIALIZING" ? "an initializer is running; wait with getOrInit()" : "there is one already; read it with get()"}`,
      options,
    );
    this.code = code;
    this.value = value;
  }

  /** There is a value already. */
  isAlreadyInitErr(): boolean {
    return !this.isInitializingErr();
  }

  /** An initializer is running. */
  isInitializingErr(): boolean {
    return this.code === "ERR_RT_INITIALIZING";
  }
}
