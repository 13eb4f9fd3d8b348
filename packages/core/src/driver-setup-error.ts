/** Thrown where a driver can't be had. */

/**
 * Thrown when a driver is asked for that the runtime can no longer install, because it has shut down.
 * @see Tokio panics where the I/O or time driver is missing.
 * @public
 */
export class DriverSetupError extends Error {
  override readonly name = "DriverSetupError";
  readonly code = "ERR_RT_SHUTDOWN";
  /** @internal */
  constructor(driver: string) {
    super(`Cannot add the ${driver} driver: the runtime has shut down; use another one`);
  }
}
