/**
 * Cooperative scheduling: each poll of a task has a budget of 128 operations, so that no task keeps the thread to
 * itself however much there is to do.
 */
import { Future, PENDING, type Context, type IntoFuture, type Poll } from "./future.ts";
import { charge, proceed } from "./internal/budget.ts";
import { currentScope, realm, UNCONSTRAINED } from "./internal/realm.ts";
import { Wrapper } from "./internal/wrapper.ts";
import { intoFuture } from "./into-future.ts";

class ConsumeBudget extends Future<void> {
  override poll(cx: Context): Poll<void> {
    if (!proceed(cx)) return PENDING;
    charge();
  }
  override describe(): string {
    return "its next turn (consumeBudget())";
  }
}

/**
 * Takes one unit of the budget; suspends only when none is left. Put it in loops that wait for nothing else.
 * @see Tokio `task::coop::consume_budget`
 * @public
 */
export function consumeBudget(): Future<void> {
  return new ConsumeBudget();
}

/** True while the current poll may go on. Always true outside tasks. @see Tokio `coop::has_budget_remaining` @public */
export function hasBudgetRemaining(): boolean {
  if (realm.now.task !== null) return realm.budget > 0;
  const scope = currentScope();
  return scope === null || scope._budget > 0;
}

class Unconstrained<T> extends Wrapper<T> {
  override poll(cx: Context): Poll<T> {
    const { budget } = realm;
    realm.budget = UNCONSTRAINED;
    try {
      return this.inner.poll(cx);
    } finally {
      realm.budget = budget;
    }
  }
}

/**
 * Runs `body` without a budget: it is never made to yield. It can starve everything else on the thread.
 *
 * Every `await` of an async function that is the `body` counts as a part of it.
 * @see Tokio `task::coop::unconstrained`
 * @public
 */
export function unconstrained<T>(body: IntoFuture<T>): Future<T> {
  return new Unconstrained(intoFuture(body));
}

class Cooperative<T> extends Wrapper<T> {
  override poll(cx: Context): Poll<T> {
    if (!proceed(cx)) return PENDING;
    let pending = false;
    try {
      const value = this.inner.poll(cx);
      pending = value === PENDING;
      return value;
    } finally {
      if (!pending) charge(); // a failure is a completion, too
    }
  }
}

/**
 * Makes a future that knows nothing of budgets take part: its completion costs one unit.
 * @see Tokio `task::coop::cooperative`
 * @public
 */
export function cooperative<T>(body: IntoFuture<T>): Future<T> {
  return new Cooperative(intoFuture(body));
}
