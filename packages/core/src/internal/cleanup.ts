/** Cleanup that waits: what a dropped generator or async function still does in its `finally` blocks. */
import type { Context, Future, Poll } from "../future.ts";
import type { LocalSet } from "../local-set.ts";
import { type LocalsNode, visibleLocals } from "./locals.ts";
import { currentTask, realm } from "./realm.ts";
import { CLEANUP_STATE, Task } from "./task.ts";
import { Wrapper } from "./wrapper.ts";

/** A dropped computation whose `finally` blocks may still be waiting. */
export interface Closable extends Future<unknown> {
  /** Ends the cleanup without waiting for it. */
  _kill(): void;
}

/** A cleanup that sees the task-locals and the local set of the place it was dropped at. */
class Cleanup extends Wrapper<unknown> implements Closable {
  readonly #body: Closable;
  readonly #locals: LocalsNode | null = visibleLocals();
  readonly #set: LocalSet | null = realm.enteredSets.at(-1) ?? null;

  constructor(body: Closable) {
    super(body);
    this.#body = body;
  }

  override poll(cx: Context): Poll<unknown> {
    const { locals } = realm;
    realm.locals = this.#locals;
    if (this.#set !== null) realm.enteredSets.push(this.#set);
    try {
      return this.inner.poll(cx);
    } finally {
      realm.locals = locals;
      if (this.#set !== null) realm.enteredSets.pop();
    }
  }

  _kill(): void {
    this.#body._kill();
  }
}

/**
 * Hands a dropped computation to the current task, which does not end before this cleanup has. It runs as a task of
 * its own, because its owner may have other things to wait for.
 */
export function adoptCleanup(body: Closable): void {
  const owner = currentTask();
  const core = owner?._scheduler.core ?? realm.bridge.ambient().handle()._core;
  if (core.killed) {
    body._kill();
    return;
  }
  const task = new Task(core, new Cleanup(body), CLEANUP_STATE);
  if (owner !== null) {
    owner._adopt(task);
    const context = owner._extra?.context;
    if (context != null) task._keepContext(context);
  }
  core.start(task);
  core.limitCleanup(task);
}
