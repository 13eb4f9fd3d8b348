/** In debug mode, names what was left to garbage collection instead of being closed. */
import { debug } from "#platform";
import { currentCore } from "../internal/current.ts";
import { captureSite, siteFrames } from "../internal/spawn-site.ts";

interface Forgotten {
  readonly what: string;
  /** Where it was made. A text: a stack that nobody has read yet holds on to what its methods were called on. */
  readonly frames: string;
  readonly close: () => void;
}

/** Made on first use: programs that have no use for it need not carry it. */
let registry: FinalizationRegistry<Forgotten> | undefined;

function reportForgotten({ what, frames, close }: Forgotten): void {
  const core = currentCore();
  core.report({
    kind: "forgotten",
    message: `rt: ${what} was collected without being closed; dispose it, or declare it with using\n  made ${frames.replaceAll("\n", "\n       ")}`,
  });
  try {
    close();
  } catch (error) {
    core.report({ kind: "forgotten", message: `rt: ${what} that was collected could not be closed`, error });
  }
}

/**
 * In debug mode (`RT_DEBUG=1`), calls `close` and reports it when `end` is collected before {@link closedProperly} was
 * called with it. Otherwise does nothing: registering costs more than making most of what could be registered.
 *
 * @param what - names it in the report: "an mpsc Sender".
 * @param close - does what disposing would have done. Must not hold `end`.
 * @param above - the public function that made it: the report shows the frames above it.
 * @public
 */
export function watchForgotten(end: object, what: string, close: () => void, above: unknown): void {
  if (!debug) return;
  registry ??= new FinalizationRegistry(reportForgotten);
  registry.register(end, { what, frames: siteFrames(captureSite(above)), close }, end);
}

/** Undoes {@link watchForgotten}: `end` was closed as it should be. @public */
export function closedProperly(end: object): void {
  registry?.unregister(end);
}
