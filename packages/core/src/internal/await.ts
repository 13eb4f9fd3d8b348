/** `future.then(…)`: the way from a future to promises. */
import type { Future } from "../future.ts";
import { currentCore } from "./current.ts";
import { currentScope, realm } from "./realm.ts";
import type { Scope } from "./scope.ts";

export function awaitFuture<T, A = T, B = never>(
  future: Future<T>,
  onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
  onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
): Promise<A | B> {
  const scope = home();
  return new Promise<T>((resolve, reject) => scope._await(future, resolve, reject)).then(onFulfilled, onRejected);
}

/** The scope that waits: the async function that is running, else the runtime's root. */
function home(): Scope {
  const scope = realm.task === null ? currentScope() : null;
  return scope ?? currentCore().root;
}
