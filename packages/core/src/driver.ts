/**
 * For those who write drivers, schedulers and leaf futures. `@rt/time`, `@rt/sync` and the other packages of this
 * project use nothing else of the core's inside.
 * @packageDocumentation
 */
import "./internal/bridge.ts";
// Each face holds the other, so that all of the build is one file but for them: what is not exported from it, V8 takes
// for the constant it is.
import "./index.ts";

export { EventLoopDriver } from "./driver/event-loop.ts";
export { LayeredDriver, type Driver, type DriverKey } from "./driver/driver.ts";
export {
  backgroundTimer,
  currentTimers,
  debug,
  hasBackground,
  holdClock,
  holdClockFor,
  hostNow,
  isBackground,
  isClockHeld,
  isDefaultRuntime,
  isDriving,
  provideTimers,
  randomBelow,
  report,
  startsPaused,
  wakeAfter,
  wakeSafely,
  type TimerEntry,
  type Timers,
} from "./driver/environment.ts";
export { closedProperly, watchForgotten } from "./driver/forgotten.ts";
export { iterate, type IterateOptions } from "./driver/iterate.ts";
export { isFuture, isGeneratorLike } from "./internal/kinds.ts";
export { isBytes, isError } from "./internal/other-realm.ts";
export { stepCount, stepsOn } from "./internal/steps.ts";
export {
  currentContext,
  FINISHED,
  madeProgress,
  notPolled,
  pollProceed,
  suspension,
  TAKEN,
} from "./driver/leaf.ts";
export { checkInteger, checkMillis, rangeError, show, typeError, type Coded } from "./errors.ts";
export { classOf, messageOf, spell, waitOf } from "./shown.ts";
