/** A function that makes a promise, as a future: it is called at the first poll, with a signal to stop it. */
import { Cancelled } from "../errors.ts";
import { Future, PENDING, polledAfterCompletion, type Context, type Poll } from "../future.ts";
import { PromiseFuture } from "./promise-future.ts";
import { SharedPromise } from "./shared-promise.ts";

type Start<T> = (signal: AbortSignal) => Future<T>;

const NEW = 0;
const STARTED = 1;
const DONE = 2;

export class PromiseCall<T> extends Future<T> {
  readonly #start: Start<T>;
  #controller: AbortController | null = null;
  #status: number = NEW;
  /** The wait for its promise, while there is one. */
  #inner: Future<T> | null = null;

  /** @param start - calls the function, and makes a future of what it gives. */
  constructor(start: Start<T>) {
    super();
    this.#start = start;
  }

  override poll(cx: Context): Poll<T> {
    if (this.#status === DONE) throw polledAfterCompletion(this);
    let pending = false;
    try {
      const value = (this.#inner ?? this.#call()).poll(cx);
      pending = value === PENDING;
      return value;
    } finally {
      if (!pending) this.#finish();
    }
  }

  override drop(): void {
    const inner = this.#inner;
    const waits = this.#status === STARTED && !isSettled(inner);
    this.#finish();
    inner?.drop();
    if (waits) this.#controller?.abort(new Cancelled());
  }

  override describe(): string {
    return "a promise";
  }

  #call(): Future<T> {
    this.#status = STARTED;
    this.#controller = new AbortController();
    const inner = (0, this.#start)(this.#controller.signal);
    // It may have been dropped by the very function that it called.
    if (this.#status === STARTED) this.#inner = inner;
    else inner.drop();
    return inner;
  }

  #finish(): void {
    this.#status = DONE;
    this.#inner = null;
  }
}

/** The promise has a result, which nobody has taken yet: there is nothing to stop any more. */
function isSettled(inner: Future<unknown> | null): boolean {
  return (inner instanceof PromiseFuture || inner instanceof SharedPromise) && inner._isSettled;
}
