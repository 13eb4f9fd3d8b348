import {
  Builder,
  HistogramConfiguration,
  LocalRuntime,
  LogHistogram,
  RngSeed,
  Runtime,
  spawn,
  yieldNow,
  type Async,
  type TaskMeta,
} from "@rt/core";
import { describe, expect, it } from "vitest";
import { rejectionOf, reporting, thrownBy, turn } from "./support/runtime.ts";

function* nothing(): Async<void> {}

function* yieldOnce(): Async<void> {
  yield* yieldNow();
}

async function asyncYieldOnce(): Promise<void> {
  await yieldNow();
}

/** What a JavaScript caller without types might hand over. */
const wrong = (value: unknown): never => value as never;

describe("Builder", () => {
  it("gives itself back from every setter", () => {
    const builder = Builder.currentThread();
    const hook = (): void => {};
    const results = [
      builder.name("a"),
      builder.threadName("t"),
      builder.threadNameFn(() => "t"),
      builder.eventInterval(61),
      builder.globalQueueInterval(31),
      builder.disableLifoSlot(),
      builder.startPaused(false),
      builder.rngSeed(RngSeed.fromNumber(1)),
      builder.unhandledPanic("ignore"),
      builder.traceSpawns(false),
      builder.propagateContext(false),
      builder.slowPollThreshold(100),
      builder.watchdog(1000),
      builder.enableMetricsTiming(),
      builder.enableMetricsPollTimeHistogram(),
      builder.metricsPollTimeHistogramConfiguration(HistogramConfiguration.linear(1, 2)),
      builder.trackTaskScheduleLatency(),
      builder.enableMetricsScheduleLatencyHistogram(),
      builder.metricsScheduleLatencyHistogramConfiguration(HistogramConfiguration.linear(1, 2)),
      builder.onTaskSpawn(hook),
      builder.onTaskTerminate(hook),
      builder.onBeforeTaskPoll(hook),
      builder.onAfterTaskPoll(hook),
      builder.onThreadPark(hook),
      builder.onThreadUnpark(hook),
      builder.onReport(hook),
    ];
    expect(results.every((result) => result === builder)).toBe(true);
  });

  it("builds several runtimes that do not share their ids", async () => {
    const builder = Builder.currentThread().name("twin");
    await using first = builder.build();
    await using second = builder.build();
    expect(first.handle().id()).not.toBe(second.handle().id());
  });

  it("leaves a built runtime alone when an option is changed later", async () => {
    const builder = Builder.currentThread().name("before");
    await using runtime = builder.build();
    builder.name("after");
    expect(runtime.handle().name()).toBe("before");
  });

  it("builds a local runtime with buildLocal", async () => {
    await using runtime = Builder.currentThread().buildLocal();
    expect(runtime).toBeInstanceOf(LocalRuntime);
  });

  it("builds a Runtime with build", async () => {
    await using runtime = Builder.currentThread().build();
    expect(runtime).toBeInstanceOf(Runtime);
  });

  it("tells its name, its intervals and which hooks are set as text", () => {
    const text = Builder.currentThread()
      .name("jobs")
      .eventInterval(7)
      .onThreadPark(() => {})
      .toString();
    expect(text).toBe(
      "Builder { name: jobs, eventInterval: 7, globalQueueInterval: 31, hooks: [onThreadPark] }",
    );
  });
});

describe("Builder, bad values", () => {
  const kinds: [string, (builder: Builder) => unknown, string][] = [
    ["name", (b) => b.name(wrong(42)), "42"],
    ["threadName", (b) => b.threadName(wrong(42)), "42"],
    ["threadNameFn", (b) => b.threadNameFn(wrong("x")), '"x"'],
    ["eventInterval", (b) => b.eventInterval(wrong("61")), '"61"'],
    ["globalQueueInterval", (b) => b.globalQueueInterval(wrong(null)), "null"],
    ["startPaused", (b) => b.startPaused(wrong("yes")), '"yes"'],
    ["rngSeed", (b) => b.rngSeed(wrong(7)), "7"],
    ["unhandledPanic", (b) => b.unhandledPanic(wrong(7)), "7"],
    ["traceSpawns", (b) => b.traceSpawns(wrong(1)), "1"],
    ["propagateContext", (b) => b.propagateContext(wrong(1)), "1"],
    ["slowPollThreshold", (b) => b.slowPollThreshold(wrong("1")), '"1"'],
    ["watchdog", (b) => b.watchdog(wrong({})), "Object"],
    ["HistogramConfiguration", (b) => b.metricsPollTimeHistogramConfiguration(wrong(5)), "5"],
    ["HistogramConfiguration", (b) => b.metricsScheduleLatencyHistogramConfiguration(wrong([])), "Array"],
    ["onTaskSpawn", (b) => b.onTaskSpawn(wrong(5)), "5"],
    ["onTaskTerminate", (b) => b.onTaskTerminate(wrong(5)), "5"],
    ["onBeforeTaskPoll", (b) => b.onBeforeTaskPoll(wrong(5)), "5"],
    ["onAfterTaskPoll", (b) => b.onAfterTaskPoll(wrong(5)), "5"],
    ["onThreadPark", (b) => b.onThreadPark(wrong(5)), "5"],
    ["onThreadUnpark", (b) => b.onThreadUnpark(wrong(5)), "5"],
    ["onReport", (b) => b.onReport(wrong(5)), "5"],
    ["parkOn", (b) => b.parkOn(wrong(5)), "5"],
    ["addDriver", (b) => b.addDriver(wrong(5)), "5"],
  ];
  it.each(kinds)(
    "throws a TypeError with a code, naming option and value, for a wrong kind: %s",
    (...row) => {
      const [option, set, value] = row;
      const error = thrownBy(() => set(Builder.currentThread()));
      expect(error).toBeInstanceOf(TypeError);
      expect(error).toMatchObject({
        code: "ERR_RT_INVALID_ARGUMENT",
        message: expect.stringContaining(option),
      });
      expect((error as Error).message).toContain(value);
    },
  );

  const ranges: [string, (builder: Builder) => unknown][] = [
    ["name", (b) => b.name("")],
    ["name", (b) => b.name(" \t\n")],
    ["eventInterval", (b) => b.eventInterval(0)],
    ["eventInterval", (b) => b.eventInterval(1.5)],
    ["eventInterval", (b) => b.eventInterval(NaN)],
    ["eventInterval", (b) => b.eventInterval(Infinity)],
    ["globalQueueInterval", (b) => b.globalQueueInterval(0)],
    ["globalQueueInterval", (b) => b.globalQueueInterval(-1)],
    ["globalQueueInterval", (b) => b.globalQueueInterval(2 ** 31)],
    ["slowPollThreshold", (b) => b.slowPollThreshold(-1)],
    ["slowPollThreshold", (b) => b.slowPollThreshold(NaN)],
    ["watchdog", (b) => b.watchdog(0)],
    ["watchdog", (b) => b.watchdog(0.5)],
    ["watchdog", (b) => b.watchdog(-5)],
    ["unhandledPanic", (b) => b.unhandledPanic(wrong("explode"))],
  ];
  it.each(ranges)("throws a RangeError with a code, naming the option, out of range: %s", (option, set) => {
    const error = thrownBy(() => set(Builder.currentThread()));
    expect(error).toBeInstanceOf(RangeError);
    expect(error).toMatchObject({ code: "ERR_RT_OUT_OF_RANGE", message: expect.stringContaining(option) });
  });

  it("keeps the old value when a new one is refused", async () => {
    const builder = Builder.currentThread().name("kept");
    thrownBy(() => builder.name(""));
    await using runtime = builder.build();
    expect(runtime.handle().name()).toBe("kept");
  });
});

describe("Builder.name", () => {
  it("is what Handle.name gives", async () => {
    await using runtime = Builder.currentThread().name("jobs").build();
    expect(runtime.handle().name()).toBe("jobs");
  });

  it("is not set by default", async () => {
    await using runtime = Builder.currentThread().build();
    expect(runtime.handle().name()).toBeUndefined();
  });
});

describe("Builder.eventInterval", () => {
  it("accepts one poll between turns and still runs every task", async () => {
    await using runtime = Builder.currentThread().eventInterval(1).build();
    const handles = Array.from({ length: 5 }, () => runtime.spawn(yieldOnce()));
    for (const handle of handles) await handle;
    expect(handles.every((handle) => handle.isFinished())).toBe(true);
  });
});

describe("Builder.disableLifoSlot", () => {
  it("changes nothing about the order of a current-thread runtime", async () => {
    await using runtime = Builder.currentThread().disableLifoSlot().build();
    const order: number[] = [];
    const say = async (n: number): Promise<void> => void order.push(n);
    await runtime.blockOn(async () => {
      for (const handle of [1, 2, 3].map((n) => spawn(() => say(n)))) await handle;
    });
    expect(order).toEqual([1, 2, 3]);
  });
});

describe("RngSeed", () => {
  it("is made of bytes and accepted by the builder", async () => {
    await using runtime = Builder.currentThread()
      .rngSeed(RngSeed.fromBytes(new Uint8Array([1, 2, 3])))
      .build();
    expect(await runtime.spawn(async () => 1)).toBe(1);
  });

  it("refuses what is no Uint8Array", () => {
    const error = thrownBy(() => RngSeed.fromBytes(wrong([1, 2])));
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({ code: "ERR_RT_INVALID_ARGUMENT" });
  });

  it("refuses what is no number", () => {
    const error = thrownBy(() => RngSeed.fromNumber(wrong("seven")));
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({ code: "ERR_RT_INVALID_ARGUMENT" });
  });
});

describe("Builder.enableMetricsPollTimeHistogram", () => {
  it("is off by default", async () => {
    await using runtime = Builder.currentThread().build();
    expect(runtime.metrics().pollTimeHistogramEnabled()).toBe(false);
  });

  it("is not turned on by choosing the buckets alone", async () => {
    await using runtime = Builder.currentThread()
      .metricsPollTimeHistogramConfiguration(HistogramConfiguration.linear(1, 3))
      .build();
    expect(runtime.metrics().pollTimeHistogramEnabled()).toBe(false);
  });

  it("has ten buckets of 0.1 ms unless told otherwise", async () => {
    await using runtime = Builder.currentThread().enableMetricsPollTimeHistogram().build();
    const metrics = runtime.metrics();
    expect(metrics.pollTimeHistogramNumBuckets()).toBe(10);
    expect(metrics.pollTimeHistogramBucketRange(0)).toEqual({ start: 0, end: 0.1 });
  });

  it("takes the buckets chosen before it was enabled", async () => {
    await using runtime = Builder.currentThread()
      .metricsPollTimeHistogramConfiguration(HistogramConfiguration.linear(1, 3))
      .enableMetricsPollTimeHistogram()
      .build();
    expect(runtime.metrics().pollTimeHistogramNumBuckets()).toBe(3);
  });

  it("takes the buckets chosen after it was enabled", async () => {
    await using runtime = Builder.currentThread()
      .enableMetricsPollTimeHistogram()
      .metricsPollTimeHistogramConfiguration(HistogramConfiguration.log(LogHistogram.default()))
      .build();
    expect(runtime.metrics().pollTimeHistogramNumBuckets()).toBeGreaterThan(10);
  });
});

describe("Builder.enableMetricsScheduleLatencyHistogram", () => {
  it("keeps no latencies by default", async () => {
    await using runtime = Builder.currentThread().build();
    expect(runtime.metrics().scheduleLatencyHistogramEnabled()).toBe(false);
  });

  it("stays off when only its buckets are chosen", async () => {
    await using runtime = Builder.currentThread()
      .metricsScheduleLatencyHistogramConfiguration(HistogramConfiguration.linear(1, 3))
      .build();
    expect(runtime.metrics().scheduleLatencyHistogramEnabled()).toBe(false);
  });

  it("takes the latency buckets chosen for it", async () => {
    await using runtime = Builder.currentThread()
      .enableMetricsScheduleLatencyHistogram()
      .metricsScheduleLatencyHistogramConfiguration(HistogramConfiguration.linear(1, 3))
      .build();
    expect(runtime.metrics().scheduleLatencyHistogramNumBuckets()).toBe(3);
  });
});

describe("Builder.traceSpawns", () => {
  it("gives hooks the place of the spawn", async () => {
    const places: (string | undefined)[] = [];
    await using runtime = Builder.currentThread()
      .traceSpawns()
      .onTaskSpawn((meta) => places.push(meta.spawnedAt))
      .build();
    await runtime.spawn(nothing());
    expect(places[0]?.split("\n")[0]).toContain("builder.test");
  });

  it("gives no place without it", async () => {
    const places: (string | undefined)[] = [];
    await using runtime = Builder.currentThread()
      .traceSpawns(false)
      .onTaskSpawn((meta) => places.push(meta.spawnedAt))
      .build();
    await runtime.spawn(nothing());
    expect(places).toEqual([undefined]);
  });

  it("adds the place of the spawn to the stack of a task's error", async () => {
    const { builder } = reporting();
    await using runtime = builder.traceSpawns().build();
    const handle = runtime.spawn(async () => {
      throw new Error("broken");
    });
    await turn();
    const error = (await rejectionOf(handle)) as Error;
    expect(error.stack).toMatch(/was spawned here ---\n\s+at .*builder\.test/);
  });
});

/** Everything a runtime's task hooks are told, in order. */
function recorder(): { builder: Builder; events: string[]; metas: TaskMeta[] } {
  const events: string[] = [];
  const metas: TaskMeta[] = [];
  const note = (what: string) => (meta: TaskMeta) => {
    events.push(what);
    metas.push(meta);
  };
  const builder = Builder.currentThread()
    .onTaskSpawn(note("spawn"))
    .onBeforeTaskPoll(note("before"))
    .onAfterTaskPoll(note("after"))
    .onTaskTerminate(note("terminate"));
  return { builder, events, metas };
}

describe("Builder task hooks", () => {
  it("frame every poll of a generator task, and end it before the last poll is over", async () => {
    const { builder, events } = recorder();
    await using runtime = builder.build();
    const handle = runtime.spawn(yieldOnce());
    await handle;
    await turn();
    expect(events).toEqual(["spawn", "before", "after", "before", "terminate", "after"]);
  });

  it("frame every poll of an async task, and end it once", async () => {
    const { builder, events } = recorder();
    await using runtime = builder.build();
    await runtime.spawn(asyncYieldOnce);
    await turn();
    const polls = events.filter((event) => event !== "terminate");
    expect(polls).toEqual(["spawn", "before", "after", "before", "after"]);
    expect(events).toHaveLength(polls.length + 1);
  });

  it("are told the id that the join handle has", async () => {
    const { builder, metas } = recorder();
    await using runtime = builder.build();
    const handle = runtime.spawn(yieldOnce());
    await handle;
    await turn();
    expect(new Set(metas.map((meta) => meta.id))).toEqual(new Set([handle.id()]));
  });

  it("are not called for the body of blockOn", async () => {
    const { builder, events } = recorder();
    await using runtime = builder.build();
    await runtime.blockOn(yieldOnce());
    expect(events).toEqual([]);
  });

  it("call onTaskSpawn before the task is first polled", async () => {
    const { builder, events } = recorder();
    await using runtime = builder.build();
    const handle = runtime.spawn(nothing());
    expect(events).toEqual(["spawn"]);
    await handle;
  });

  it("call onTaskTerminate once for a task that was aborted before its first poll", async () => {
    const { builder, events } = recorder();
    await using runtime = builder.build();
    const handle = runtime.spawn(nothing());
    handle.abort();
    await rejectionOf(handle);
    expect(events.filter((event) => event === "terminate")).toHaveLength(1);
  });

  it("call onTaskTerminate once for a task that threw", async () => {
    const { builder, events } = recorder();
    await using runtime = builder.onReport(() => {}).build();
    await rejectionOf(
      runtime.spawn(async () => {
        throw new Error("broken");
      }),
    );
    await turn();
    expect(events.filter((event) => event === "terminate")).toHaveLength(1);
  });

  it("call onTaskTerminate for every task that a shutdown drops", async () => {
    const { builder, events } = recorder();
    const runtime = builder.build();
    for (let i = 0; i < 3; i += 1) runtime.spawn(yieldOnce());
    await runtime[Symbol.asyncDispose]();
    expect(events.filter((event) => event === "terminate")).toHaveLength(3);
  });

  it("are called for no task that is spawned after the shutdown", async () => {
    const { builder, events } = recorder();
    const runtime = builder.build();
    runtime.shutdownBackground();
    await rejectionOf(runtime.spawn(nothing()));
    expect(events).toEqual([]);
  });

  it("may spawn: a task spawned by onTaskTerminate runs", async () => {
    let again = true;
    let ran = false;
    await using runtime: Runtime = Builder.currentThread()
      .onTaskTerminate(() => {
        if (!again) return;
        again = false;
        runtime.spawn(async () => void (ran = true));
      })
      .build();
    await runtime.spawn(nothing());
    await turn();
    expect(ran).toBe(true);
  });

  it("call onAfterTaskPoll after the code behind a pending await has run", async () => {
    const events: string[] = [];
    await using runtime = Builder.currentThread()
      .onBeforeTaskPoll(() => events.push("before"))
      .onAfterTaskPoll(() => events.push("after"))
      .build();
    await runtime.spawn(async () => {
      await yieldNow();
      events.push("code");
    });
    await turn();
    expect(events).toEqual(["before", "after", "before", "code", "after"]);
  });

  it("call onAfterTaskPoll after the code behind awaits that were ready at once", async () => {
    const events: string[] = [];
    await using runtime = Builder.currentThread()
      .onBeforeTaskPoll(() => events.push("before"))
      .onAfterTaskPoll(() => events.push("after"))
      .build();
    const done = runtime.spawn(async () => 1);
    await done;
    await turn();
    events.length = 0;
    await runtime.spawn(async () => {
      await yieldNow();
      for (let i = 0; i < 10; i += 1) await done;
      events.push("code");
    });
    await turn();
    expect(events).toEqual(["before", "after", "before", "code", "after"]);
  });
});

describe("Builder hooks, replaced", () => {
  const setters = [
    "onTaskSpawn",
    "onTaskTerminate",
    "onBeforeTaskPoll",
    "onAfterTaskPoll",
    "onThreadPark",
    "onThreadUnpark",
  ] as const;
  it.each(setters)("call only the function set last: %s", async (setter) => {
    let first = 0;
    let last = 0;
    const builder = Builder.currentThread();
    builder[setter](() => void (first += 1));
    builder[setter](() => void (last += 1));
    await using runtime = builder.build();
    for (let i = 0; i < 2; i += 1) {
      await runtime.spawn(asyncYieldOnce);
      await turn();
    }
    expect(first).toBe(0);
    expect(last).toBeGreaterThan(0);
  });
});

describe("Builder hooks that throw", () => {
  const setters = [
    "onTaskSpawn",
    "onTaskTerminate",
    "onBeforeTaskPoll",
    "onAfterTaskPoll",
    "onThreadPark",
    "onThreadUnpark",
  ] as const;
  const lanes = [
    ["generator", () => yieldOnce()],
    ["async", () => asyncYieldOnce],
  ] as const;
  const rows = setters.flatMap((setter) => lanes.map(([lane, body]) => ({ setter, lane, body })));

  it.each(rows)("are reported by name: $setter, $lane lane", async ({ setter, body }) => {
    const { builder, reports } = reporting();
    builder[setter](() => {
      throw new Error("hook");
    });
    await using runtime = builder.build();
    for (let i = 0; i < 2; i += 1) {
      await runtime.spawn(body());
      await turn();
    }
    expect(reports.length).toBeGreaterThan(0);
    for (const report of reports) {
      expect(report).toMatchObject({ kind: "hook-failed", message: expect.stringContaining(setter) });
    }
  });

  it.each(rows)("harm neither the task nor its neighbours: $setter, $lane lane", async ({ setter, body }) => {
    const { builder } = reporting();
    builder[setter](() => {
      throw new Error("hook");
    });
    await using runtime = builder.build();
    const handles = [runtime.spawn(body()), runtime.spawn(body()), runtime.spawn(body())];
    for (const handle of handles) await handle;
    expect(handles.every((handle) => handle.isFinished())).toBe(true);
  });
});

describe("TaskMeta.scheduleLatency", () => {
  it("is undefined in poll hooks unless tracked", async () => {
    const { builder, metas } = recorder();
    await using runtime = builder.build();
    await runtime.spawn(nothing());
    await turn();
    expect(metas.every((meta) => meta.scheduleLatency === undefined)).toBe(true);
  });

  it("is the same before and after one poll", async () => {
    const { builder, metas, events } = recorder();
    await using runtime = builder.trackTaskScheduleLatency().build();
    await runtime.spawn(nothing());
    await turn();
    const before = metas[events.indexOf("before")]?.scheduleLatency;
    const after = metas[events.indexOf("after")]?.scheduleLatency;
    expect(before).toBeGreaterThanOrEqual(0);
    expect(after).toBe(before);
  });

  it("is undefined in the spawn and terminate hooks though tracked", async () => {
    const { builder, metas, events } = recorder();
    await using runtime = builder.trackTaskScheduleLatency().build();
    await runtime.spawn(nothing());
    await turn();
    expect(metas[events.indexOf("spawn")]?.scheduleLatency).toBeUndefined();
    expect(metas[events.indexOf("terminate")]?.scheduleLatency).toBeUndefined();
  });

  it("is measured from the first wake of those that come before the poll", async () => {
    const latencies: number[] = [];
    await using runtime = Builder.currentThread()
      .trackTaskScheduleLatency()
      .onBeforeTaskPoll((meta) => latencies.push(meta.scheduleLatency ?? NaN))
      .build();
    const handle = runtime.spawn(nothing());
    const end = performance.now() + 5;
    while (performance.now() < end) handle.abortHandle(); // time passes while it is queued
    await handle;
    expect(latencies[0]).toBeGreaterThanOrEqual(4);
  });
});

describe("Builder.onThreadPark", () => {
  it("is called when no task is left, before onThreadUnpark", async () => {
    const events: string[] = [];
    await using runtime = Builder.currentThread()
      .onThreadPark(() => events.push("park"))
      .onThreadUnpark(() => events.push("unpark"))
      .build();
    await runtime.spawn(nothing());
    await turn();
    await runtime.spawn(nothing());
    await turn();
    expect(events).toEqual(["park", "unpark", "park"]);
  });

  it("runs with the runtime as the current one", async () => {
    const ran: boolean[] = [];
    let first = true;
    await using runtime = Builder.currentThread()
      .onThreadPark(() => {
        if (!first) return;
        first = false;
        spawn(async () => void ran.push(true));
      })
      .build();
    await runtime.spawn(nothing());
    await turn();
    expect(ran).toEqual([true]);
    expect(runtime.metrics().spawnedTasksCount()).toBe(2);
  });
});

describe("Builder.onThreadUnpark", () => {
  it("may spawn: the task runs in the same activation", async () => {
    let ran = false;
    let first = true;
    await using runtime = Builder.currentThread()
      .onThreadUnpark(() => {
        if (!first) return;
        first = false;
        spawn(async () => void (ran = true));
      })
      .build();
    await runtime.spawn(nothing());
    await turn();
    await runtime.spawn(nothing());
    await turn();
    expect(ran).toBe(true);
  });
});
