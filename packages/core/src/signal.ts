/** `AbortSignal` in both directions. */
import { show, typeError, UsageError } from "./errors.ts";
import { type Future, PENDING, type Context, type IntoFuture, type Poll, type Waker } from "./future.ts";
import { currentScope, realm } from "./internal/realm.ts";
import { Wrapper } from "./internal/wrapper.ts";
import { intoFuture } from "./into-future.ts";

/**
 * The signal of the computation that is running: it fires when that is dropped, with {@link Cancelled} as its reason.
 * Hand it to `fetch` and everything else that takes one. Made on first use, one for each task, each raced generator
 * and each async function.
 *
 * @throws {@link UsageError} (`ERR_RT_OUTSIDE_TASK`) outside any task.
 * @public
 */
export function signal(): AbortSignal {
  const scope = realm.now.generator ?? realm.now.task ?? currentScope();
  if (scope === null) {
    throw new UsageError(
      "ERR_RT_OUTSIDE_TASK",
      "signal() belongs to a task and none is running; use an AbortController here",
    );
  }
  scope._controller ??= new AbortController();
  return scope._controller.signal;
}

class WithSignal<T> extends Wrapper<T> {
  readonly #signal: AbortSignal;
  #waker: Waker | null = null;
  #listening = false;

  constructor(abortSignal: AbortSignal, inner: Future<T>) {
    super(inner);
    this.#signal = abortSignal;
  }

  override poll(cx: Context): Poll<T> {
    if (this.#signal.aborted) {
      this.drop();
      throw this.#signal.reason;
    }
    this.#waker = cx.waker;
    let pending = false;
    try {
      const value = this.inner.poll(cx);
      pending = value === PENDING;
      // The body may have fired the signal itself.
      if (pending && this.#signal.aborted) cx.waker.wake();
      return value;
    } finally {
      if (pending) this.#listen();
      else this.#unlisten();
    }
  }

  override drop(): void {
    this.#unlisten();
    this.inner.drop();
  }

  readonly #onAbort = (): void => this.#waker?.wake();

  #listen(): void {
    if (this.#listening) return;
    this.#listening = true;
    this.#signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  // On every way out: a long-lived signal must not collect listeners.
  #unlisten(): void {
    this.#waker = null;
    if (!this.#listening) return;
    this.#listening = false;
    this.#signal.removeEventListener("abort", this.#onAbort);
  }
}

/**
 * Runs `body` until `abortSignal` fires; then drops it and throws the signal's reason. A signal that has fired
 * already is looked at first.
 *
 * @example
 * ```ts
 * const controller = new AbortController();
 * controller.abort(new Error("too late"));
 * let message = "";
 * try {
 *   yield* withSignal(controller.signal, pending());
 * } catch (error) {
 *   message = (error as Error).message;
 * }
 * message; // => "too late"
 * ```
 * @public
 */
export function withSignal<T>(abortSignal: AbortSignal, body: IntoFuture<T>): Future<T> {
  if (typeof abortSignal?.addEventListener !== "function") {
    throw typeError(`withSignal takes an AbortSignal, not ${show(abortSignal)}`);
  }
  return new WithSignal(abortSignal, intoFuture(body));
}
