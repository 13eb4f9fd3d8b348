/** What TCP and Unix listeners have in common. */
import { type Context, type Future, PENDING, type Poll } from "@rt/core";
import { closedProperly, debug, iterate, madeProgress, pollProceed, watchForgotten } from "@rt/core/driver";
import { disposed } from "./errors.ts";
import type { Accepted, ListenerSource } from "./internal/source.ts";
import { Waiter, type WaitList } from "./internal/wait-list.ts";
import type { SocketStream } from "./stream.ts";

/**
 * Gives a stream for each connection that comes.
 *
 * It is an async iterable of the streams, without end.
 *
 * Fairness: several tasks may wait; each connection goes to one of them, as a rule to the one that has waited longest.
 * @public
 */
export abstract class Listener<S extends SocketStream, A> implements Disposable, AsyncIterable<S> {
  /** Null once it was closed. @internal */
  _source: ListenerSource | null;

  /** @internal */
  constructor(source: ListenerSource) {
    this._source = source;
    if (debug) watchForgotten(this, `a ${this.constructor.name}`, () => source.close(), this.constructor);
  }

  /** @internal */
  abstract _wrap(accepted: Accepted): [S, A];
  /** The address it listens on. */
  abstract localAddr(): A;

  /** @internal */
  _io(): ListenerSource {
    const source = this._source;
    if (source === null) throw disposed(this);
    return source;
  }

  /**
   * Waits for the next connection: the stream, and who is at its other end.
   *
   * Cancel safety: giving up loses no connection.
   * @throws {@link IoError} when a connection could not be accepted, `EMFILE` for instance; the listener goes on, so
   * one may ask again, best after a moment.
   * @see Tokio `TcpListener::accept`, `UnixListener::accept`
   */
  accept(): Future<[S, A]> {
    return new Accept(this);
  }

  /** One step of {@link Listener.accept}; only the waker of the last one is woken. @see Tokio `TcpListener::poll_accept` */
  pollAccept(cx: Context): Poll<[S, A]> {
    const source = this._io();
    const accepted = source.tryAccept();
    if (accepted !== null) return this._wrap(accepted);
    source.poller = cx.waker;
    return PENDING;
  }

  /** Stops listening, and resets connections that nobody has asked for. Those that wait throw. */
  close(): void {
    const source = this._source;
    if (source === null) return;
    this._source = null;
    closedProperly(this);
    source.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Stream by stream. An error of `accept` ends it. */
  [Symbol.asyncIterator](): AsyncGenerator<S, void, undefined> {
    return iterate(this, (listener) => listener.accept(), { item: ([stream]) => stream });
  }
}

class Accept<S extends SocketStream, A> extends Waiter<[S, A]> {
  readonly #listener: Listener<S, A>;
  #from: WaitList | null = null;
  constructor(listener: Listener<S, A>) {
    super();
    this.#listener = listener;
  }

  override poll(cx: Context): Poll<[S, A]> {
    if (!pollProceed(cx)) return PENDING;
    const accepted = this._step(cx);
    if (accepted !== PENDING) madeProgress();
    return accepted;
  }

  _step(cx: Context): Poll<[S, A]> {
    const source = this.#listener._io();
    let accepted: Accepted | null;
    try {
      accepted = source.tryAccept();
    } catch (error) {
      this._leave();
      throw error;
    }
    if (accepted !== null) {
      this._leave();
      return this.#listener._wrap(accepted);
    }
    this.#from = source.waiters;
    this._enlist(source.waiters, cx);
    return PENDING;
  }

  override drop(): void {
    // It was told of a connection and does not take it: the next one shall.
    if (this._leave()) this.#from?.wakeFirst();
  }

  override describe(): string {
    return `a connection to a ${this.#listener.constructor.name}`;
  }
}
