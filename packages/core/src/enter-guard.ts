/** Makes a runtime current for a stretch of synchronous code. */
import { guardOrder } from "./errors.ts";
import type { Handle } from "./handle.ts";
import { currentTask, realm } from "./internal/realm.ts";

/**
 * While it is held, free functions such as {@link spawn} act on its runtime. Dispose guards in reverse order.
 *
 * It is meant for synchronous code: held over an `await`, it is seen by whatever else runs meanwhile.
 * @see Tokio `runtime::EnterGuard`
 * @public
 */
export class EnterGuard implements Disposable {
  #depth: number;

  /** @internal */
  constructor(handle: Handle) {
    this.#depth = realm.entered.push({ handle, by: currentTask() });
  }

  /**
   * Makes the runtime current no more.
   * @throws {@link UsageError} (`ERR_RT_GUARD_ORDER`) when a guard taken later is still held; that one stays valid.
   */
  dispose(): void {
    const depth = this.#depth;
    if (depth === 0) return;
    if (realm.entered.length !== depth) throw guardOrder();
    this.#depth = 0;
    realm.entered.pop();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
