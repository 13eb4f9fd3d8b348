/** The conversion that everything which takes a computation does first. */
import { Future, type IntoFuture } from "./future.ts";
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
  if (isFuture(into)) return into["rt:wait"]();
  const body = toBody(into, true);
  // toBody gives a future or a generator.
  return body instanceof Future ? body : new GeneratorFuture(body as never);
}
