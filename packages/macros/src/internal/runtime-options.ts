/** The options that `main` and the two `test` have in common, and the runtime they make. */
import { Builder, type Runtime, type UnhandledPanic } from "@rt/core";
import { checkInteger, rangeError, show, typeError } from "@rt/core/driver";

/** The runtime that {@link main} or a test runs on. @public */
export interface RuntimeOptions {
  /**
   * `currentThread` (the default): everything on this thread. `local`: the same, with `spawnLocal`. `multiThread`
   * needs a {@link RuntimeOptions.builder}.
   */
  readonly flavor?: "currentThread" | "local" | "multiThread";
  /**
   * Makes the runtime, instead of a plain `Builder.currentThread()`; the other options are set on it. For
   * `multiThread` it is the `Builder.multiThread()` of `@rt/rt-multi-thread`.
   */
  readonly builder?: Builder | (() => Builder);
  /** How many worker threads, 1 or more. Only with the flavor `multiThread`. */
  readonly workerThreads?: number;
  /** Starts with the clock of `@rt/time` paused. Not with `multiThread`. */
  readonly startPaused?: boolean;
  /** What happens when a task fails and nobody waits for it. Not with `multiThread`. */
  readonly unhandledPanic?: UnhandledPanic;
  /** Names the runtime, for reports and dumps. */
  readonly name?: string;
}

type Key = keyof RuntimeOptions;
const KEYS: readonly string[] = [
  "flavor",
  "builder",
  "workerThreads",
  "startPaused",
  "unhandledPanic",
  "name",
] satisfies Key[];

/** Names that others know these by, in lower case and without underscores. */
const HINTS: Readonly<Record<string, string>> = {
  corethreads: "workerThreads",
  threads: "workerThreads",
  basicscheduler: 'flavor: "currentThread"',
  currentthread: 'flavor: "currentThread"',
  singlethread: 'flavor: "currentThread"',
  singlethreaded: 'flavor: "currentThread"',
  multithread: 'flavor: "multiThread"',
  threadedscheduler: 'flavor: "multiThread"',
  localruntime: 'flavor: "local"',
};

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[_-]/g, "");
}

/** Throws for an option that is neither one of these nor of `others`. */
export function checkKeys(options: object, others: readonly string[]): void {
  const known = [...KEYS, ...others];
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue;
    const meant = known.find((name) => plain(name) === plain(key)) ?? HINTS[plain(key)];
    throw typeError(
      `There is no option ${show(key)}; ${meant === undefined ? `there are ${known.join(", ")}` : `write ${meant}`}`,
    );
  }
}

/** Those of `options` that are about the runtime, checked; and the rest. */
export function splitOptions<O extends RuntimeOptions>(options: O): [RuntimeOptions, Omit<O, Key>] {
  const rest: Record<string, unknown> = {};
  const own: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(options)) (KEYS.includes(key) ? own : rest)[key] = value;
  checkRuntimeOptions(own);
  return [own, rest as Omit<O, Key>];
}

/** Checks everything that can be checked without making a builder. */
export function checkRuntimeOptions({ flavor, builder, ...options }: RuntimeOptions): void {
  if (flavor !== undefined && flavor !== "currentThread" && flavor !== "local" && flavor !== "multiThread") {
    const hint = HINTS[plain(String(flavor))];
    throw rangeError(
      `There is no flavor ${show(flavor)}; ${hint === undefined ? 'there are "currentThread", "local" and "multiThread"' : `write ${hint}`}`,
    );
  }
  if (builder !== undefined && typeof builder !== "function" && typeof builder?.buildLocal !== "function")
    throw typeError(`builder takes a Builder, or a function that makes one, not ${show(builder)}`);
  if (options.workerThreads !== undefined) {
    checkInteger("workerThreads", options.workerThreads, 1, 2 ** 16);
    if (flavor !== "multiThread")
      throw typeError('workerThreads is for the flavor "multiThread"; this runtime has one thread');
  }
  if (flavor === "multiThread") {
    for (const key of ["startPaused", "unhandledPanic"] as const)
      if (options[key] !== undefined) throw typeError(`${key} needs the flavor "currentThread" or "local"`);
    if (builder === undefined)
      throw typeError('The flavor "multiThread" needs builder: Builder.multiThread() of @rt/rt-multi-thread');
  } else if (builder === undefined) {
    configure(Builder.currentThread(), options); // finds wrong values now, not when the runtime is made
  }
}

/** Makes the runtime. `adapt` is called with a builder that nobody else has. */
export function buildRuntime(
  { flavor, builder, ...options }: RuntimeOptions,
  adapt?: (builder: Builder) => void,
): Runtime {
  const base = typeof builder === "function" ? builder() : (builder ?? Builder.currentThread());
  configure(base, options);
  if (builder === undefined) adapt?.(base);
  return flavor === "local" ? base.buildLocal() : base.build();
}

function configure(builder: Builder, options: RuntimeOptions): void {
  const { name, startPaused, unhandledPanic, workerThreads } = options;
  if (name !== undefined) builder.name(name);
  if (startPaused !== undefined) builder.startPaused(startPaused);
  if (unhandledPanic !== undefined) builder.unhandledPanic(unhandledPanic);
  if (workerThreads === undefined) return;
  // The builder of @rt/rt-multi-thread has it; this package may not know that one.
  const threaded = builder as Builder & { workerThreads?: (count: number) => unknown };
  if (typeof threaded.workerThreads !== "function")
    throw typeError("workerThreads needs the Builder.multiThread() of @rt/rt-multi-thread as the builder");
  threaded.workerThreads(workerThreads);
}
