/** Signals as something to wait for. */
import { Future, Handle, PENDING, UsageError, type Context, type Poll } from "@rt/core";
import { iterate, madeProgress, pollProceed, show, typeError } from "@rt/core/driver";
import type { Notified } from "@rt/sync";
import { signalDriver, type SignalDriver } from "./internal/signal-driver.ts";
import { sourceOf, type Source } from "./internal/source.ts";
import { SignalKind } from "./signal-kind.ts";

/**
 * A listener to one kind of signal, made by {@link signal}.
 *
 * Signals that arrive between two looks are merged into one; one that arrives after a look is always seen. Each
 * listener gets every signal, whatever runtime it is used on. `for await (const _ of listener)` goes on for ever.
 *
 * Disposing it ends this listener alone. It holds nothing that would have to be given back, so it may be left to
 * garbage collection as well.
 * @see Tokio `signal::unix::Signal`
 * @public
 */
export class Signal implements Disposable, AsyncIterable<void> {
  /** @internal */
  readonly _kind: SignalKind;
  /** Null once disposed. @internal */
  _source: Source | null;
  /** How many had arrived at the last look. @internal */
  _seen: number;
  /** What {@link Signal.pollRecv} waits with. */
  #polled: Recv | null = null;

  /** @internal */
  constructor(kind: SignalKind) {
    this._kind = kind;
    this._source = sourceOf(kind);
    this._seen = this._source.count;
  }

  /**
   * Waits for a signal that has not been seen yet. Never ends otherwise.
   *
   * While it waits inside a `blockOn`, that keeps the process alive and is no deadlock.
   *
   * Fairness: of several waits of one listener, one gets the signal; each listener gets its own.
   * Cancel safety: dropping it loses no signal.
   *
   * @throws UsageError (`ERR_RT_DISPOSED`) when the listener was disposed. A wait that is under way goes on.
   * @see Tokio `Signal::recv`, which gives an `Option` that is never `None`
   */
  recv(): Future<void> {
    return new Recv(this, this.#live());
  }

  /**
   * One step of {@link Signal.recv}, for futures of one's own. Only the waker of the last poll counts.
   * @see Tokio `Signal::poll_recv`
   */
  pollRecv(cx: Context): Poll<void> {
    const source = this.#live();
    this.#polled ??= new Recv(this, source);
    if (this.#polled.poll(cx) === PENDING) return PENDING;
    this.#polled = null;
  }

  /** Signal by signal, without end. */
  [Symbol.asyncIterator](): AsyncGenerator<void, void, undefined> {
    return iterate(this, (listener) => new Next(listener.recv()), { item: () => {} });
  }

  /** Ends this listener. The default action of the signal stays replaced, see {@link signal}. */
  [Symbol.dispose](): void {
    this.#polled?.drop();
    this.#polled = null;
    this._source = null;
  }

  #live(): Source {
    if (this._source !== null) return this._source;
    throw new UsageError(
      "ERR_RT_DISPOSED",
      `Cannot listen to ${this._kind.toString()}: this listener was disposed; call signal() again`,
    );
  }
}

/** One wait. */
class Recv extends Future<void> {
  declare readonly _listener: Signal;
  declare readonly _source: Source;
  _arrived: Notified | null = null;
  /** Of the runtime that is told of the wait. */
  _driver: SignalDriver | null = null;

  constructor(listener: Signal, source: Source) {
    super();
    this._listener = listener;
    this._source = source;
  }

  override poll(cx: Context): Poll<void> {
    if (!pollProceed(cx)) return PENDING;
    const { _listener: listener, _source: source } = this;
    if (listener._seen !== source.count) {
      listener._seen = source.count;
      this.drop();
      madeProgress();
      return;
    }
    this._arrived ??= source.arrived.notified();
    // Another wait of this listener got it.
    while (this._arrived.poll(cx) !== PENDING) this._arrived = source.arrived.notified();
    if (this._driver === null) {
      this._driver = signalDriver(Handle.current());
      this._driver?.wait(1);
    }
    return PENDING;
  }

  override drop(): void {
    this._arrived?.drop();
    this._arrived = null;
    this._driver?.wait(-1);
    this._driver = null;
  }

  override describe(): string {
    return this._listener._kind.toString();
  }
}

/** As {@link Recv}, for iteration: `undefined` would be the end. */
class Next extends Future<true> {
  readonly #recv: Future<void>;
  constructor(recv: Future<void>) {
    super();
    this.#recv = recv;
  }
  override poll(cx: Context): Poll<true> {
    return this.#recv.poll(cx) === PENDING ? PENDING : true;
  }
  override drop(): void {
    this.#recv.drop();
  }
  override describe(): string {
    return this.#recv.describe();
  }
}

/**
 * Listens to a signal from now on.
 *
 * The default action of the signal, which for most of them ends the process, is replaced from the first call for a
 * kind until the process ends, also when no listener is left. Whoever listens has to act.
 *
 * Signals reach the main thread only, as Node has it. On Windows only those that Node emulates arrive.
 *
 * @throws {@link SignalError} when the kind can't be listened to; its `code` says why.
 * @example
 * ```ts
 * using hangups = signal(SignalKind.hangup());
 * process.kill(process.pid, "SIGHUP");
 * yield* hangups.recv();
 * ```
 * @see Tokio `signal::unix::signal`, which panics outside of a runtime; here none is needed
 * @public
 */
export function signal(kind: SignalKind): Signal {
  if (typeof kind?.asRawValue !== "function") throw typeError(`signal takes a SignalKind, not ${show(kind)}`);
  // Of another copy of this package, it is another object.
  return new Signal(SignalKind.fromRaw(kind.asRawValue()));
}
