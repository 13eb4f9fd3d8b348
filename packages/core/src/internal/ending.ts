/**
 * What is known of an async function from the moment it is dropped: who of its code has been told so, and whether
 * anything of it is still to be waited for.
 *
 * Its code may be in several places at once: an async function can start others and await them together, or not at
 * all. We call each line of such code a chain. Every chain is told once, by a `Cancelled` at the await it waits at or
 * at its next await of one of our futures; what it does behind that is cleanup. The engine does not tell which chain
 * an await belongs to, but it runs microtasks in the order they were made. So those that a chain leads to lie exactly
 * between two of our own that were made right before and right behind it: that is a `Trail`. An await that comes while
 * a trail is being walked belongs to a chain that has been told.
 *
 * A chain that goes on behind a promise of somebody else's has left no trail. If nobody who was told is away, or once the
 * function itself has settled, it has not been told. Else it may be the function's own cleanup that comes back from such
 * a promise, and its await is allowed; but not without end, for it may as well be a loop that has not been told.
 *
 * Code that waits for nothing of ours is let go of: a promise can't be stopped, and must not hold its owner.
 */
import { hostTimer } from "#platform";
import { isOwnCancellation } from "./cancellation.ts";
import type { HostTimer } from "../platform/platform.ts";
import { labelOf, LONGEST_TIMER } from "./runtime-core.ts";
import { realm } from "./realm.ts";
import type { Scope } from "./scope.ts";
import type { Task } from "./task.ts";

/**
 * How many microtasks in a row are followed behind one that was told: its code comes to its next await of ours, or to
 * its end, within that many, or it is taken to wait for somebody else's promise.
 */
const STEPS = 32;

/**
 * How often an await is allowed that may be one of a cleanup or of a chain that was not told: where the function is known
 * to have had several chains, and where it may have one alone. Both arbitrary; a cleanup rarely awaits so often by turns
 * somebody else's promise and a future of ours.
 */
const PASSES = 8;
const PASSES_ALONE = 1000;

const settled: Promise<void> = Promise.resolve();

/** The microtasks that the code behind one `Cancelled`, or behind one await of a cleanup, leads to. */
export class Trail {
  readonly ending: Ending;
  /** Its code has come to an await of ours, or the function has settled by it. */
  _hasLed = false;
  #left = STEPS;
  /** What led to this one: its brackets lie around ours. */
  #outer: Trail | null = null;

  constructor(ending: Ending) {
    this.ending = ending;
  }

  /** Right before the code is let go on. */
  _enter(): Trail | null {
    const outer = realm.trail;
    void settled.then(this.#begin);
    realm.trail = this;
    return outer;
  }

  /** Right behind that. */
  _leave(outer: Trail | null): void {
    realm.trail = outer;
    void settled.then(this.#end);
  }

  readonly #begin = (): void => {
    if (this.#left === 0) return;
    this.#outer = realm.trail;
    realm.trail = this;
    if (this.#left > 1) void settled.then(this.#begin);
  };

  readonly #end = (): void => {
    realm.trail = this.#outer;
    this.#left = this.ending._isOver ? 0 : this.#left - 1;
    if (this.#left > 0) void settled.then(this.#end);
    else this.ending._lost(this);
  };
}

export class Ending {
  /** Whose awaits they are: the function's, and those of its home at the root once it has ended. */
  _scope: Scope;
  /** The task that it is a part of; null where it was polled by hand. */
  readonly _task: Task<unknown> | null;
  /** Somebody of its code has been told. */
  hasTold = false;
  /** The function has settled. */
  hasSettled = false;
  /** It was not waited for to the end. */
  isLetGo = false;
  /** All is done, as far as it is waited for: no trail need be followed any more. */
  _isOver = false;
  /** Trails that have led nowhere yet. */
  _open = 0;
  /** Chains that were told and have not come back: over, or in a promise of somebody else's. */
  #away = 0;
  /** Awaits that were allowed without knowing whose they are. */
  #passes = 0;
  #outcome: { readonly status: number; readonly result: unknown } | null = null;
  #grace: HostTimer | null = null;
  /** Code at the root that cleans up: a shutdown waits for it. */
  #isBusy = false;

  constructor(scope: Scope) {
    this._scope = scope;
    this._task = scope._task;
    // A home belongs to no function: whoever comes there has not been told.
    this.hasSettled = scope._isAtRoot;
  }

  /** Somebody of its code is told, or a cleanup of it goes on: `settle` makes that code go on. */
  _lead(settle: () => void): void {
    this.hasTold = true;
    this.#stopGrace();
    this.#setBusy();
    this._open += 1;
    const trail = new Trail(this);
    const outer = trail._enter();
    try {
      settle();
    } finally {
      trail._leave(outer);
    }
  }

  /** Whether an await that comes now is a part of the cleanup. If not, it is to be told. */
  _admits(): boolean {
    const trail = realm.trail;
    if (trail !== null && trail.ending === this) {
      this.#hasLed(trail);
      return true;
    }
    if (this.#away === 0 || this.hasSettled) return false;
    this.#passes += 1;
    return this.#passes <= (this._scope._isParallel ? PASSES : PASSES_ALONE);
  }

  /** An await of its cleanup is pending. */
  _waits(): void {
    this.#stopGrace();
    this.#setBusy();
  }

  /** Nobody was told, because nothing of ours was awaited: its code may be on its way to such an await. */
  _probe(): void {
    this._open += 1;
    let left = STEPS * 2;
    const hop = (): void => {
      left -= 1;
      if (left > 0 && !this._isOver) {
        void settled.then(hop);
        return;
      }
      this._open -= 1;
      this._check();
    };
    hop();
  }

  /** A trail was followed to its end. */
  _lost(trail: Trail): void {
    if (!trail._hasLed) {
      this._open -= 1;
      this.#away += 1;
    }
    this._check();
  }

  /** The function has settled. */
  _settle(status: number, result: unknown): void {
    this.hasSettled = true;
    this.#outcome = { status, result };
    const { trail } = realm;
    if (trail !== null && trail.ending === this) this.#hasLed(trail);
    this._check();
  }

  /** The function has settled, and nobody waits for it any more. */
  _settleLate(failed: boolean, result: unknown): void {
    this.hasSettled = true;
    if (!this.isLetGo) return;
    const core = this._scope._core;
    core.checkOver();
    // Nobody asked any more what the promise it hung in would come to. Cleanup is another matter.
    if (failed && this.hasTold && !isOwnCancellation(this._scope, result))
      core.reportLate(this._task, result);
  }

  _label(): string {
    return labelOf(this._task);
  }

  /** What is left of its code makes its awaits at `home` from here on. */
  _moveTo(home: Scope): void {
    this._scope = home;
    this._isOver = false;
  }

  /** Looks whether there is anything left to wait for. */
  _check(): void {
    if (this._open > 0 || this._scope._awaits !== null || this._isOver) return;
    if (this.#isBusy) {
      this.#isBusy = false;
      this._scope._core.cleanings -= 1;
      this._scope._core.checkOver();
    }
    if (this.isLetGo || this._scope._isAtRoot) return;
    if (this.#outcome !== null) {
      this._isOver = true;
      this._scope._complete(this.#outcome.status, this.#outcome.result);
    } else if (this.hasTold) this.#beginGrace();
    else this._letGo();
  }

  /** It is not waited for any longer. */
  _letGo(): void {
    if (this.isLetGo || this.hasSettled) return;
    this.isLetGo = true;
    this._scope._core.letGo(this);
    this._scope._giveUp();
  }

  /** Nobody cares any more. */
  _stop(): void {
    this.#stopGrace();
    this._isOver = true;
    if (!this.#isBusy) return;
    this.#isBusy = false;
    this._scope._core.cleanings -= 1;
  }

  #hasLed(trail: Trail): void {
    if (trail._hasLed) return;
    trail._hasLed = true;
    this._open -= 1;
  }

  /** Cleanup that waits for somebody else's promise: that may take a moment, but not for ever. */
  #beginGrace(): void {
    const core = this._scope._core;
    const ms = core.config.foreignGrace;
    if (ms === Infinity || this.#grace !== null) return;
    this.#grace = hostTimer(
      () => {
        this.#grace = null;
        core.reportSlowCleanup(this._task, "a promise that is none of ours", ms);
        this._letGo();
      },
      Math.min(ms, LONGEST_TIMER),
    );
  }

  #stopGrace(): void {
    this.#grace?.cancel();
    this.#grace = null;
  }

  #setBusy(): void {
    if (this.#isBusy || !this._scope._isAtRoot || this._isOver) return;
    this.#isBusy = true;
    this._scope._core.cleanings += 1;
  }
}
