/** The promise side of `blockOn`. */
import type { Waker } from "../future.ts";
import { Join } from "./join.ts";
import type { RuntimeCore } from "./runtime-core.ts";
import type { Task } from "./task.ts";

export class BlockOn<T> implements Waker {
  readonly #task: Task<T>;
  readonly #join: Join<T>;
  readonly #resolve: (value: T) => void;
  readonly #reject: (error: unknown) => void;
  readonly #core: RuntimeCore;
  #settled = false;

  constructor(
    task: Task<T>,
    resolve: (value: T) => void,
    reject: (error: unknown) => void,
    core: RuntimeCore,
  ) {
    this.#task = task;
    this.#join = new Join(task);
    this.#resolve = resolve;
    this.#reject = reject;
    this.#core = core;
  }

  start(): void {
    this.#join.poll({ waker: this });
  }

  /** The body has ended. */
  wake(): void {
    if (this.#settled) return;
    this.#settle();
    try {
      this.#resolve(this.#task._take());
    } catch (error) {
      this.#reject(error);
    }
  }

  /** The body will never end by itself: drops it. */
  fail(error: unknown): void {
    if (this.#settled) return;
    this.#settle();
    this.#reject(error);
    this.#task.abort();
  }

  #settle(): void {
    this.#settled = true;
    this.#core.unblock(this as BlockOn<unknown>);
  }
}
