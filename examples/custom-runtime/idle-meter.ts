/** A driver that only looks on: how often the runtime was woken, and how long it had nothing to do. */
import { type Driver, type DriverKey, LayeredDriver } from "@rt/core/driver";

export class IdleMeter extends LayeredDriver {
  wakes = 0;
  idleMs = 0;
  /** When it went to sleep, while it sleeps. */
  #asleepSince: number | null = null;

  static readonly KEY: DriverKey<IdleMeter> = {
    name: "idle meter",
    install: (inner: Driver) => new IdleMeter(inner),
  };

  /** No task is ready: the scheduler gives the thread back until something happens, or until the next timer. */
  override park(timeoutMs: number): boolean {
    this.#asleepSince ??= performance.now();
    return super.park(timeoutMs);
  }

  /** The scheduler is about to run tasks, and asks what has happened. */
  override poll(): void {
    if (this.#asleepSince !== null) {
      this.wakes += 1;
      this.idleMs += performance.now() - this.#asleepSince;
      this.#asleepSince = null;
    }
    super.poll();
  }
}
