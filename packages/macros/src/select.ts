/**
 * Waiting for the first of several futures.
 *
 * Invariants:
 *  1. A branch's slot is null once it has completed, or from the start where it was left out: it is never polled again.
 *  2. `OVER` is set before the first future is dropped; from then on all slots are null, and only a handler is polled.
 */
import { Future, intoFuture, type IntoFuture, PENDING, UsageError, type Context, type Poll } from "@rt/core";
import {
  currentContext,
  FINISHED,
  isFuture,
  notPolled,
  pollProceed,
  randomBelow,
  rangeError,
  show,
  stepCount,
  stepsOn,
  suspension,
  TAKEN,
  typeError,
} from "@rt/core/driver";
import { type Branch, isBranch } from "./branch.ts";
import { runHandler, type Handler } from "./internal/handler.ts";
import { describeAll, dropAll, polledAgain, type Slot } from "./internal/slots.ts";
import type { Output, Settled } from "./internal/types.ts";

// Bits of `_state`.
const BIASED = 0x1;
/** A branch has won or failed, all are disabled, or all were dropped. */
const OVER = 0x2;
/** From here on: how many branches there are. */
const COUNT_SHIFT = 2;
const COUNT_MASK = 0x7f;
/** Then: the branch, counted from 1, whose code the others wait for, see `stepsOn`. */
const HELD_SHIFT = 9;
const HELD = 0x7f << HELD_SHIFT;

/** Tokio's limit. */
const MOST = 64;

/** Options of {@link select}. @public */
export interface SelectOptions {
  /** Polls the branches in the order they are written in, instead of starting at a random one each time. */
  readonly biased?: boolean;
}

/** Options of {@link select} with something to do when every branch is disabled. @public */
export interface ElseOptions<R> extends SelectOptions {
  /** Runs when every branch is disabled: by its precondition, or because its value did not match. */
  readonly else: () => R;
}

interface AnyOptions {
  readonly biased?: boolean | undefined;
  readonly else?: (() => unknown) | undefined;
}

/** What can stand in a record given to {@link select}. @public */
export type Named = IntoFuture<unknown> | Branch<unknown>;

/** What a {@link select} over a record gives: which branch has won, and its value. @public */
export type Selected<B> = {
  [K in keyof B]: {
    readonly branch: K;
    readonly value: B[K] extends Branch<infer R> ? Settled<R> : Output<B[K]>;
  };
}[keyof B];

/** What can stand in a list given to {@link select}: a future and what to do with its value. @public */
export type Arm<T, R> = readonly [future: IntoFuture<T>, handler: (value: T) => R] | Branch<R>;

/** What can stand in a list of any length. @public */
export type Listed = readonly [future: IntoFuture<unknown>, handler: (value: never) => unknown] | Named;

/** What a branch of a list gives: `never` for a handler that does not take what its future gives. @public */
export type Given<L> = L extends readonly [infer F, (value: infer V) => infer R]
  ? Output<F> extends V
    ? Settled<R>
    : never
  : L extends Branch<infer R>
    ? Settled<R>
    : Output<L>;

/** What a select has to know beyond futures and names, where there are handlers, conditions or an `else`. */
interface Plan {
  /** What is known of each branch beside its future. */
  readonly arms: readonly (Handler | Branch<unknown> | null)[];
  /** Left out by their precondition: never polled, dropped with the others. */
  readonly skipped: Slot[];
  readonly otherwise: Handler | null;
  /** Branches that may still win. */
  live: number;
  /** The future of the handler, while it runs. */
  handling: Future<unknown> | null;
  /** The name of the branch it belongs to. */
  winner: string;
}

class Select extends Future<unknown> {
  /** The first two branches, which are often all there are, so that those need no array. */
  declare _first: Slot;
  declare _second: Slot;
  declare _more: Slot[] | null;
  /** The record that was given, for the branches' names; the names of the first two are known at once. */
  declare readonly _names: object | null;
  declare readonly _name: string;
  declare readonly _otherName: string;
  declare readonly _plan: Plan | null;

  constructor(
    first: Slot,
    second: Slot,
    more: Slot[] | null,
    names: object | null,
    name: string,
    otherName: string,
    plan: Plan | null,
  ) {
    super();
    this._first = first;
    this._second = second;
    this._more = more;
    this._names = names;
    this._name = name;
    this._otherName = otherName;
    this._plan = plan;
  }

  override poll(cx: Context): Poll<unknown> {
    const state = this._state;
    if ((state & OVER) !== 0) return this._pollHandler(this._plan, cx);
    if (!pollProceed(cx)) return PENDING;
    const count = (state >> COUNT_SHIFT) & COUNT_MASK;
    const held = (state & HELD) >> HELD_SHIFT;
    const start = held !== 0 ? held - 1 : (state & BIASED) !== 0 ? 0 : randomBelow(count);
    return count === 2 && this._plan === null ? this._pollTwo(cx, start) : this._pollAll(cx, start, count);
  }

  /** The commonest case, without its loops. */
  _pollTwo(cx: Context, start: number): Poll<unknown> {
    let at = start;
    let value: unknown = PENDING;
    try {
      const steps = stepCount();
      const future = at === 0 ? this._first : this._second;
      if (future !== null) value = future.poll(cx);
      if (value === PENDING) {
        if (this._holds(at, steps, cx)) return PENDING;
        at = 1 - at;
        const other = at === 0 ? this._first : this._second;
        if (other !== null) value = other.poll(cx);
        if (value === PENDING && this._holds(at, steps, cx)) return PENDING;
      }
    } catch (error) {
      this._fail(at);
      throw error;
    }
    if (value === PENDING) return this._rests();
    const loser = at === 0 ? this._second : this._first;
    this._state |= OVER;
    this._first = null;
    this._second = null;
    if (loser !== null) loser.drop();
    return { branch: at === 0 ? this._name : this._otherName, value };
  }

  _pollAll(cx: Context, start: number, count: number): Poll<unknown> {
    const plan = this._plan;
    let at = start;
    let value: unknown = PENDING;
    const steps = stepCount();
    try {
      for (let left = count; left > 0; left -= 1) {
        const future = at === 0 ? this._first : at === 1 ? this._second : this._slot(at);
        if (future !== null) {
          value = future.poll(cx);
          if (value !== PENDING) {
            if (plan === null || this._matches(plan, at, value)) break;
            value = PENDING;
          } else if (this._holds(at, steps, cx)) return PENDING;
        }
        at += 1;
        if (at === count) at = 0;
      }
    } catch (error) {
      this._fail(at);
      throw error;
    }
    if (plan !== null) return this._goOn(plan, at, value, cx);
    if (value === PENDING) return this._rests();
    this._clear(at);
    this._leave();
    return { branch: this._nameOf(at), value };
  }

  // The same as the inherited one, without a call through it.
  override next(): IteratorResult<Future<unknown>, unknown> {
    const cx = currentContext();
    if (cx === null || (this._state & TAKEN) !== 0) return notPolled(this);
    this._state |= FINISHED;
    const value = this.poll(cx);
    if (value !== PENDING) return { done: true, value };
    this._state &= ~FINISHED;
    return suspension;
  }

  override drop(): void {
    const plan = this._plan;
    if ((this._state & OVER) === 0) this._leave();
    else if (plan !== null && plan.handling !== null) {
      const { handling } = plan;
      plan.handling = null;
      handling.drop();
    }
  }

  override describe(): string {
    const handling = this._plan?.handling ?? null;
    if (handling !== null) return handling.describe();
    const names = this._names === null ? null : Object.keys(this._names);
    return `the first of ${describeAll([this._first, this._second, ...(this._more ?? [])], names)}`;
  }

  /** Whether branch `at` is to be polled again before any other. */
  _holds(at: number, steps: number, cx: Context): boolean {
    if (!stepsOn(steps, cx.waker)) return false;
    this._state = (this._state & ~HELD) | ((at + 1) << HELD_SHIFT);
    return true;
  }

  /** All wait, and no code is on its way. */
  _rests(): typeof PENDING {
    this._state &= ~HELD;
    return PENDING;
  }

  _nameOf(at: number): string {
    if (at < 2) return at === 0 ? this._name : this._otherName;
    return this._names === null ? "" : nameOf(this._names, at);
  }

  _slot(at: number): Slot {
    return this._more === null ? null : (this._more[at - 2] ?? null);
  }

  /** Branch `at` has completed. */
  _clear(at: number): void {
    if (at === 0) this._first = null;
    else if (at === 1) this._second = null;
    else if (this._more !== null) this._more[at - 2] = null;
  }

  /** Branch `at` has thrown. */
  _fail(at: number): void {
    this._clear(at);
    try {
      this._leave();
    } catch {
      // What the branch threw comes first.
    }
  }

  /** Drops the branches that have not completed, each of them whatever the others throw. */
  _leave(): void {
    this._state |= OVER;
    const { _first: first, _second: second, _more: more, _plan: plan } = this;
    this._first = null;
    this._second = null;
    this._more = null;
    try {
      if (first !== null) first.drop();
    } finally {
      try {
        if (second !== null) second.drop();
      } finally {
        if (plan !== null) dropAll(plan.skipped.concat(more ?? []));
        else if (more !== null) dropAll(more);
      }
    }
  }

  /** Whether the value of a branch is one to win with. If not, the branch is out. */
  _matches(plan: Plan, at: number, value: unknown): boolean {
    const arm = plan.arms[at];
    if (!isBranch(arm) || arm._match === null || arm._match(value)) return true;
    this._clear(at);
    plan.live -= 1;
    return false;
  }

  /** What comes after polling the branches, where there is a plan. */
  _goOn(plan: Plan, at: number, value: unknown, cx: Context): Poll<unknown> {
    if ((this._state & OVER) !== 0) return PENDING; // dropped by one of its own branches
    let handler = plan.otherwise;
    let name = "else";
    if (value !== PENDING) {
      const arm = plan.arms[at] ?? null;
      handler = isBranch(arm) ? arm._run : arm;
      name = this._nameOf(at);
      this._clear(at);
    } else if (plan.live > 0) return this._rests();
    this._leave();
    if (handler !== null) {
      plan.winner = name;
      plan.handling = runHandler(handler, value);
      return this._pollHandler(plan, cx);
    }
    if (value !== PENDING) return this._names === null ? value : { branch: name, value };
    throw new UsageError(
      "ERR_RT_NO_BRANCH",
      "Cannot select: every branch is disabled; add an else, or leave one branch without when and match",
    );
  }

  _pollHandler(plan: Plan | null, cx: Context): Poll<unknown> {
    if (plan === null || plan.handling === null) throw polledAgain("a select");
    let value: unknown;
    try {
      value = plan.handling.poll(cx);
    } catch (error) {
      plan.handling = null;
      throw error;
    }
    if (value === PENDING) return PENDING;
    plan.handling = null;
    return this._names === null ? value : { branch: plan.winner, value };
  }
}

/** The name of branch number `at`. */
function nameOf(record: object, at: number): string {
  for (const name in record) {
    if (at === 0) return name;
    at -= 1;
  }
  return "";
}

/**
 * Waits for the first of several futures and drops the others.
 *
 * Given a record, it tells which branch has won, to be told apart by a `switch`. Given a list of futures with handlers,
 * it gives what the winner's handler gives; the handler may be a plain, a generator or an async function, and runs when
 * the other futures have been dropped. Given a list of futures, it gives the winner's value. {@link branch} adds
 * preconditions and patterns, {@link byRef} keeps a future for the next call.
 *
 * A record is the fastest form: a plain or async handler is called in a scope of its own, which costs about 0.25 µs.
 *
 * Fairness: each poll starts at another branch, taken from the runtime's generator (`Builder.rngSeed` makes it
 * reproducible), and goes round. With `biased` each poll starts at the top (in a record, keys that are whole numbers
 * come first): then it is up to you that an earlier branch does not starve the later ones. When the task's budget is
 * spent, no branch is polled.
 * Cancel safety: dropping it drops every branch. It loses what they lose: nothing, where they are futures of this
 * project that say so; what a generator or an async function has done so far is lost with it. While the code of an async
 * function that has had a result is on its way, no other branch is polled: it comes to its next `await`, or wins.
 *
 * A branch that throws makes the whole throw, and drops the rest. An input that is a function is called at the first
 * poll; a promise can be waited for, but not dropped.
 *
 * @param branches - 1 to 64.
 * @throws {@link UsageError} (`ERR_RT_NO_BRANCH`) when every branch is disabled, or there is none, and no `else`.
 * @throws RangeError for more than 64 branches.
 * @example Named branches
 * ```ts
 * import { pending, ready } from "@rt/core";
 *
 * const event = yield* select({ message: ready("hello"), stop: pending() });
 * switch (event.branch) {
 *   case "message":
 *     event.value.toUpperCase(); // => "HELLO"
 *     break;
 *   case "stop":
 *     break;
 * }
 * ```
 * @example Handlers
 * ```ts
 * import { pending, ready } from "@rt/core";
 *
 * const length = yield* select([
 *   [ready("hello"), (text) => text.length],
 *   [pending(), () => 0],
 * ]);
 * length; // => 5
 * ```
 * @see Tokio `select!`
 * @public
 */
export function select<const B extends Readonly<Record<string, Named>>>(
  branches: B,
  options?: SelectOptions & { readonly else?: undefined },
): Future<Selected<B>>;
export function select<const B extends Readonly<Record<string, Named>> & { readonly else?: never }, R>(
  branches: B,
  options: ElseOptions<R>,
): Future<Selected<B> | { readonly branch: "else"; readonly value: Settled<R> }>;
// One optional element for each of the first branches: a mapped tuple type would not tell the handlers their types.
export function select<
  A1,
  R1,
  A2 = never,
  R2 = never,
  A3 = never,
  R3 = never,
  A4 = never,
  R4 = never,
  A5 = never,
  R5 = never,
  A6 = never,
  R6 = never,
  A7 = never,
  R7 = never,
  A8 = never,
  R8 = never,
  E = never,
>(
  branches: readonly [
    Arm<A1, R1>,
    Arm<A2, R2>?,
    Arm<A3, R3>?,
    Arm<A4, R4>?,
    Arm<A5, R5>?,
    Arm<A6, R6>?,
    Arm<A7, R7>?,
    Arm<A8, R8>?,
  ],
  options?: SelectOptions & { readonly else?: () => E },
): Future<Settled<R1 | R2 | R3 | R4 | R5 | R6 | R7 | R8 | E>>;
export function select<const B extends readonly Listed[], E = never>(
  branches: B,
  options?: SelectOptions & { readonly else?: () => E },
): Future<Given<B[number]> | Settled<E>>;
export function select(
  branches: Readonly<Record<string, unknown>> | readonly unknown[],
  options?: AnyOptions,
): Future<unknown> {
  if (options !== undefined) checkOptions(options);
  if (Array.isArray(branches)) return planned(branches, null, options);
  if (typeof branches !== "object" || branches === null || isFuture(branches))
    throw typeError(
      `select takes a record or a list of branches, not ${show(branches)}; write select({ a, b })`,
    );
  return fromRecord(branches as Readonly<Record<string, Named>>, options);
}

function fromRecord(record: Readonly<Record<string, Named>>, options?: AnyOptions): Select {
  if (options?.else !== undefined) return planned(Object.values(record), record, options);
  let first: Slot = null;
  let second: Slot = null;
  let more: Slot[] | null = null;
  let firstName = "";
  let secondName = "";
  let count = 0;
  for (const name in record) {
    // What is in the record under this name.
    const input = record[name] as Named;
    if (!isFuture(input)) {
      if (!Object.hasOwn(record, name)) break; // what others have put into all objects comes last
      if (isBranch(input)) return planned(Object.values(record), record, options);
    }
    const future = intoFuture(input);
    if (count === 0) {
      first = future;
      firstName = name;
    } else if (count === 1) {
      second = future;
      secondName = name;
    } else {
      // One that grows from nothing is copied on the way.
      more ??= [null, null, null, null, null, null];
      more[count - 2] = future;
    }
    count += 1;
  }
  return sized(new Select(first, second, more, record, firstName, secondName, null), count, options);
}

/** The general form: with handlers, preconditions, patterns or an `else`. */
function planned(inputs: readonly unknown[], record: object | null, options?: AnyOptions): Select {
  const futures: Slot[] = [];
  const plan = {
    arms: [] as (Handler | Branch<unknown> | null)[],
    skipped: [] as Slot[],
    otherwise: options?.else ?? null,
    live: 0,
    handling: null,
    winner: "",
  };
  if (record !== null && "else" in record && plan.otherwise !== null)
    throw typeError('A branch can\'t be called "else" beside the option of that name; rename it');
  for (const input of inputs) {
    let into = input;
    let arm: Handler | Branch<unknown> | null = null;
    if (isBranch(input)) {
      into = input._future;
      arm = input;
    } else if (record === null && Array.isArray(input)) {
      [into, arm] = input as [unknown, Handler];
      if (typeof arm !== "function")
        throw typeError(
          `A branch takes a future and a function, not ${show(arm)}; or write the future alone`,
        );
    }
    // It says so if this is nothing of the kind.
    const future = intoFuture(into as IntoFuture<unknown>);
    const isOff = isBranch(arm) && arm._isOff;
    (isOff ? plan.skipped : futures).push(future);
    if (isOff) futures.push(null);
    else plan.live += 1;
    plan.arms.push(arm);
  }
  const [first = null, second = null, ...more] = futures;
  const [name = "", otherName = ""] = record === null ? [] : Object.keys(record);
  return sized(new Select(first, second, more, record, name, otherName, plan), inputs.length, options);
}

function sized(made: Select, count: number, options?: AnyOptions): Select {
  if (count > MOST) throw rangeError(`select takes at most ${MOST} branches, not ${count}; use a JoinSet`);
  if (count === 0 && options?.else === undefined)
    throw new UsageError("ERR_RT_NO_BRANCH", "Cannot select among no branches; name one, or add an else");
  made._state = (count << COUNT_SHIFT) | (options?.biased === true ? BIASED : 0);
  return made;
}

function checkOptions({ biased, else: otherwise }: AnyOptions): void {
  if (biased !== undefined && typeof biased !== "boolean")
    throw typeError(`biased must be true or false, not ${show(biased)}`);
  if (otherwise !== undefined && typeof otherwise !== "function")
    throw typeError(`else takes a function, not ${show(otherwise)}`);
}
