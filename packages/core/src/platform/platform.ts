/**
 * What the core asks of the place it runs in. `node.ts` and `web.ts` each export exactly these names; the
 * package's `imports` map picks one of them for `#platform`, so the main path never names a Node module.
 */

/** Gives each async task its scope back after an `await`. An `AsyncLocalStorage`, where there is one. */
export interface ScopeStore {
  /** The scope of the code that is running now. */
  getStore(): object | undefined;
  /** Makes `scope` the current one for the rest of this synchronous run and all that it awaits. */
  enterWith(scope: object | undefined): void;
}

/** The asynchronous context (user `AsyncLocalStorage` values) at one moment, to run code in later. An `AsyncResource`. */
export interface CapturedContext {
  runInAsyncScope<A extends unknown[], R>(fn: (...args: A) => R, self?: undefined, ...args: A): R;
}

/** A diagnostics channel. `hasSubscribers` is the guard: nothing is built while it is false. */
export interface Channel {
  readonly hasSubscribers: boolean;
  publish(message: unknown): void;
}

/** The running watchdog thread, as the scheduler sees it. */
export interface WatchdogThread {
  /** This thread starts to poll a task. */
  enter(id: number, label: string): void;
  /** The poll has returned. */
  leave(): void;
  stop(): void;
}

/** A pending host timer. */
export interface HostTimer {
  cancel(): void;
  setRef(keepsAlive: boolean): void;
}
