/** Waits for what tasks should have sent that failed before. */
import {
  Builder,
  DeadlockError,
  JoinSet,
  LocalSet,
  pending,
  spawn,
  TaskBuilder,
  yieldNow,
  type Async,
} from "@rt/core";

function* fail(what: string): Async<void> {
  yield* yieldNow();
  throw new Error(what);
}

async function failAsync(what: string): Promise<void> {
  await yieldNow();
  throw new Error(what);
}

const set = new JoinSet<void>();

const programs: Record<string, () => Async<void>> = {
  *generator() {
    set.buildTask().name("writer").spawn(fail("out of ink"));
    yield* pending();
  },
  *async() {
    set
      .buildTask()
      .name("writer")
      .spawn(() => failAsync("out of ink"));
    yield* pending();
  },
  *local() {
    const local = new LocalSet();
    set.buildTask().name("writer").spawnLocalOn(fail("out of ink"), local);
    yield* local.runUntil(pending());
  },
  *ignored() {
    void new TaskBuilder().name("writer").spawn(fail("out of ink"));
    yield* pending();
  },
  *two() {
    set.spawn(fail("out of ink"));
    set.spawn(fail("out of paper"));
    yield* pending();
  },
  *seen() {
    set.spawn(fail("out of ink"));
    try {
      yield* set.joinNext();
    } catch {}
    spawn(fail("out of paper"));
    yield* pending();
  },
  *many() {
    for (let i = 1; i <= 1000; i += 1) set.spawn(fail(`failure ${i}`));
    yield* pending();
  },
};

const runtime = Builder.currentThread()
  .onReport(() => {})
  .unhandledPanic(process.argv[2] === "ignored" ? "ignore" : "report")
  .build();
try {
  await runtime.blockOn(programs[process.argv[2] as string] as () => Async<void>);
} catch (error) {
  if (!(error instanceof DeadlockError)) throw error;
  console.log(error.message);
  const { cause } = error;
  const causes = cause instanceof AggregateError ? cause.errors : "cause" in error ? [cause] : [];
  console.log(`causes: ${causes.map((each: Error) => each.message).join(", ")}`);
}
