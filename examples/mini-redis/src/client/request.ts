/** What waits for replies. */
import { type Context, Future, PENDING, type Poll, type Waker } from "@rt/core";
import {
  currentContext,
  FINISHED,
  madeProgress,
  notPolled,
  pollProceed,
  suspension,
  TAKEN,
} from "@rt/core/driver";
import { ReplyError } from "../errors.ts";
import { type Bulk, encode, textOf } from "../resp/bulk.ts";
import type { Reply } from "../resp/reply-parser.ts";

/** What can be an argument of a command. Text is sent as UTF-8. */
export type Arg = string | Uint8Array | number | bigint;

/** The form in which a request is written. */
export function toBulk(arg: Arg): Bulk {
  if (typeof arg === "string") return encode(arg);
  return typeof arg === "object" ? (arg.length < 1024 ? textOf(arg) : arg) : `${arg}`;
}

/** Where the replies go, in the order of the requests. */
export interface Waiting {
  /** Takes the next reply; gives whether it was the last one that is waited for. */
  settle(reply: Reply): boolean;
  /** The connection has ended. */
  fail(error: Error): void;
}

/** What the waiting ones need of a client. */
export interface Line {
  send(requests: readonly (readonly Bulk[])[], waiting: Waiting): void;
}

// Bits of `_state`.
const SENT = 0x1;
const SETTLED = 0x2;
const FAILED = 0x4;

// The imported one would be compared by a generic comparison.
const pending: typeof PENDING = PENDING;

/**
 * A command that is sent when it is first polled, and its reply.
 *
 * Dropping it before that sends nothing; later, the reply is ignored when it comes.
 */
export class Call<T> extends Future<T> implements Waiting {
  readonly _line: Line;
  readonly _request: readonly Bulk[];
  readonly _convert: (reply: Reply) => T;
  _reply: Reply | Error = null;
  _waker: Waker | null = null;

  constructor(line: Line, request: readonly Bulk[], convert: (reply: Reply) => T) {
    super();
    this._line = line;
    this._request = request;
    this._convert = convert;
  }

  override poll(cx: Context): Poll<T> {
    if (!pollProceed(cx)) return pending;
    if ((this._state & SENT) === 0) {
      this._state |= SENT;
      this._line.send([this._request], this);
    }
    if ((this._state & SETTLED) === 0) {
      this._waker = cx.waker;
      return pending;
    }
    madeProgress();
    const reply = this._reply;
    if ((this._state & FAILED) !== 0 || reply instanceof ReplyError) throw reply as Error;
    return this._convert(reply as Reply); // an Error that is no reply has FAILED set
  }

  // The same as the inherited one, without a call through it.
  override next(): IteratorResult<Future<unknown>, T> {
    const cx = currentContext();
    if (cx === null || (this._state & TAKEN) !== 0) return notPolled(this);
    this._state |= FINISHED;
    const value = this.poll(cx);
    if (value !== pending) return { done: true, value };
    this._state &= ~FINISHED;
    return suspension;
  }

  override drop(): void {
    this._waker = null;
  }

  override describe(): string {
    return `the reply to ${textOf(this._request[0] as Bulk)}`;
  }

  settle(reply: Reply): boolean {
    this._reply = reply;
    this._wake(SETTLED);
    return true;
  }

  fail(error: Error): void {
    this._reply = error;
    this._wake(SETTLED | FAILED);
  }

  _wake(bits: number): void {
    this._state |= bits;
    const waker = this._waker;
    this._waker = null;
    waker?.wake();
  }
}

/** Several commands that are sent together, and their replies: an error among them is one of the values. */
export class Batch extends Future<Reply[]> implements Waiting {
  readonly #line: Line;
  readonly #requests: readonly (readonly Bulk[])[];
  readonly #convert: (reply: Reply) => Reply;
  readonly #replies: Reply[] = [];
  #failure: Error | null = null;
  #isSent = false;
  #waker: Waker | null = null;

  constructor(line: Line, requests: readonly (readonly Bulk[])[], convert: (reply: Reply) => Reply) {
    super();
    this.#line = line;
    this.#requests = requests;
    this.#convert = convert;
  }

  override poll(cx: Context): Poll<Reply[]> {
    if (!pollProceed(cx)) return pending;
    if (!this.#isSent) {
      this.#isSent = true;
      if (this.#requests.length > 0) this.#line.send(this.#requests, this);
    }
    if (this.#failure !== null) throw this.#failure;
    if (this.#replies.length < this.#requests.length) {
      this.#waker = cx.waker;
      return pending;
    }
    madeProgress();
    return this.#replies;
  }

  override drop(): void {
    this.#waker = null;
  }

  override describe(): string {
    return `the replies to ${this.#requests.length} commands`;
  }

  settle(reply: Reply): boolean {
    if (this.#replies.push(this.#convert(reply)) < this.#requests.length) return false;
    this.#wake();
    return true;
  }

  fail(error: Error): void {
    this.#failure = error;
    this.#wake();
  }

  #wake(): void {
    const waker = this.#waker;
    this.#waker = null;
    waker?.wake();
  }
}
