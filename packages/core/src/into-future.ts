/** The conversion that everything which takes a computation does first. */
import type { Future, IntoFuture } from "./future.ts";
import { GeneratorFuture } from "./internal/generator-future.ts";
import { isFuture } from "./internal/kinds.ts";
import { toBody } from "./internal/runtime-core.ts";

/**
 * Makes one future of whatever can be run. A {@link JoinHandle} gives a wait of its own, so that dropping it does not
 * detach the task.
 *
 * @throws TypeError when `into` can't be run.
 * @see Tokio `IntoFuture::into_future`
 * @public
 */
export function intoFuture<T>(into: IntoFuture<T>): Future<T> {
  const body = toBody(into, true);
  // toBody gives a future or a generator.
  return isFuture(body) ? body : new GeneratorFuture(body as never);
}
