/** The interface between a scheduler and whatever tells it that something has happened. */
import type { Handle } from "../handle.ts";

/**
 * Where a scheduler goes when no task is ready, and what lets it go on.
 *
 * Drivers form a stack: each wraps the one below it and passes on what it does not handle itself. The bottom is the
 * place that can really wait: the host's event loop, or a blocking wait on a worker thread. Extend
 * {@link LayeredDriver} for a layer.
 *
 * All calls come from the thread of the scheduler, never while it polls a task, except {@link Driver.unpark}, which
 * may come at any time.
 * @see Tokio `runtime::driver::Driver`
 * @public
 */
export interface Driver {
  /**
   * True when {@link Driver.park} may return true. Then the scheduler first lets the code of async functions run that
   * were let go on: it runs in microtasks, which a driver that keeps the thread would hold up.
   */
  readonly returnsFromPark: boolean;

  /** Called once, before anything else. `activate` makes the scheduler run its ready tasks. */
  start(activate: () => void): void;

  /** Takes in what has happened since the last call, and wakes who waits for it. Does not wait. */
  poll(): void;

  /**
   * Nothing is ready: waits for {@link Driver.unpark}, an event, or the time-out. Where it gives the thread back, a
   * layer above may call it again before that, for a shorter time: the last call counts.
   *
   * @param timeoutMs - how long at most; `Infinity` for no bound.
   * @returns true when the wait is over and the scheduler should look for work; false when the thread has to be
   * given back to its host, which will call `activate`.
   */
  park(timeoutMs: number): boolean;

  /** A task became ready while the scheduler was parked or idle. Makes it run soon. */
  unpark(): void;

  /**
   * Tasks are ready, and the scheduler has polled for a while: may it go on?
   *
   * @param force - true when the turn must be taken now, however short the time since the last.
   * @returns true to go on; false to stop polling: then the driver calls `activate` after its turn.
   */
  turn(force: boolean): boolean;

  /**
   * A `blockOn` waits, of this runtime or another, or code outside any task does: what this driver waits for shall keep
   * the process alive, up to {@link Driver.unref}.
   */
  ref(): void;

  /** Undoes {@link Driver.ref}. */
  unref(): void;

  /** The runtime has shut down: fails or wakes everything that still waits. */
  shutdown(): void;
}

/**
 * Names a kind of driver and knows how to add it to a runtime's stack.
 * @public
 */
export interface DriverKey<D extends Driver> {
  /** For error messages and dumps: `time`, `io`. */
  readonly name: string;
  /** Makes the driver on top of `inner`. Called at most once per runtime. */
  install(inner: Driver, handle: Handle): D;
}

/** A driver that passes everything on to the one below it. Override what the layer is about. @public */
export abstract class LayeredDriver implements Driver {
  protected inner: Driver;
  constructor(inner: Driver) {
    this.inner = inner;
  }
  get returnsFromPark(): boolean {
    return this.inner.returnsFromPark;
  }
  /** Never reaches a layer that is added to a running stack: the bottom was started long before. */
  start(activate: () => void): void {
    this.inner.start(activate);
  }
  poll(): void {
    this.inner.poll();
  }
  park(timeoutMs: number): boolean {
    return this.inner.park(timeoutMs);
  }
  unpark(): void {
    this.inner.unpark();
  }
  turn(force: boolean): boolean {
    return this.inner.turn(force);
  }
  ref(): void {
    this.inner.ref();
  }
  unref(): void {
    this.inner.unref();
  }
  shutdown(): void {
    this.inner.shutdown();
  }
}
