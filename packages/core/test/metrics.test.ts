/* oxlint-disable require-yield -- a task need not wait for anything */
import {
  Builder,
  consumeBudget,
  HistogramConfiguration,
  pending,
  spawn,
  UsageError,
  yieldNow,
  type Async,
  type IntoFuture,
  type RuntimeMetrics,
} from "@rt/core";
import { EventLoopDriver } from "@rt/core/driver";
import { describe, expect, it } from "vitest";
import { block, Gate, rejectionOf, thrownBy, turn, until } from "./support/runtime.ts";

function* nothing(): Async<void> {}

function* yieldTimes(times: number): Async<void> {
  for (let i = 0; i < times; i += 1) yield* yieldNow();
}

async function asyncYieldTimes(times: number): Promise<void> {
  for (let i = 0; i < times; i += 1) await yieldNow();
}

const yielding = [
  ["generator", (times: number): IntoFuture<void> => yieldTimes(times)],
  [
    "async",
    (times: number): IntoFuture<void> =>
      () =>
        asyncYieldTimes(times),
  ],
] as const;

function* blockFor(ms: number): Async<void> {
  block(ms);
}

async function asyncBlockFor(ms: number): Promise<void> {
  await yieldNow();
  block(ms);
}

const blocking = [
  ["generator", (ms: number): IntoFuture<void> => blockFor(ms)],
  [
    "async",
    (ms: number): IntoFuture<void> =>
      () =>
        asyncBlockFor(ms),
  ],
] as const;

function* consume(times: number): Async<void> {
  for (let i = 0; i < times; i += 1) yield* consumeBudget();
}

describe("RuntimeMetrics.numWorkers", () => {
  it("is 1 on a current-thread runtime", async () => {
    await using runtime = Builder.currentThread().build();
    expect(runtime.metrics().numWorkers()).toBe(1);
  });
});

describe("RuntimeMetrics", () => {
  it("is a live view", async () => {
    await using runtime = Builder.currentThread().build();
    const metrics = runtime.metrics();
    runtime.spawn(pending());
    expect(metrics.spawnedTasksCount()).toBe(1);
  });

  it("does not count the body of blockOn", async () => {
    await using runtime = Builder.currentThread().build();
    await runtime.blockOn(yieldTimes(3));
    const metrics = runtime.metrics();
    expect([metrics.spawnedTasksCount(), metrics.numAliveTasks(), metrics.workerPollCount(0)]).toEqual([
      0, 0, 0,
    ]);
  });

  it("does not count the body of blockOn as an alive task while it waits", async () => {
    await using runtime = Builder.currentThread().build();
    const gate = new Gate();
    const promise = runtime.blockOn(gate);
    await turn();
    const alive = runtime.metrics().numAliveTasks();
    gate.open();
    await promise;
    expect(alive).toBe(0);
  });

  const perWorker: [string, (metrics: RuntimeMetrics, worker: number) => unknown][] = [
    ["workerTotalBusyDuration", (m, w) => m.workerTotalBusyDuration(w)],
    ["workerParkCount", (m, w) => m.workerParkCount(w)],
    ["workerParkUnparkCount", (m, w) => m.workerParkUnparkCount(w)],
    ["workerNoopCount", (m, w) => m.workerNoopCount(w)],
    ["workerPollCount", (m, w) => m.workerPollCount(w)],
    ["workerLocalScheduleCount", (m, w) => m.workerLocalScheduleCount(w)],
    ["workerLocalQueueDepth", (m, w) => m.workerLocalQueueDepth(w)],
    ["workerStealCount", (m, w) => m.workerStealCount(w)],
    ["workerStealOperations", (m, w) => m.workerStealOperations(w)],
    ["workerOverflowCount", (m, w) => m.workerOverflowCount(w)],
    ["pollTimeHistogramBucketCount", (m, w) => m.pollTimeHistogramBucketCount(w, 0)],
    ["scheduleLatencyHistogramBucketCount", (m, w) => m.scheduleLatencyHistogramBucketCount(w, 0)],
  ];
  it.each(perWorker)("refuses a worker that there is not: %s", async (_name, read) => {
    await using runtime = Builder.currentThread().enableMetricsTiming().build();
    for (const worker of [1, -1, 0.5, NaN]) {
      const error = thrownBy(() => read(runtime.metrics(), worker));
      expect(error).toBeInstanceOf(RangeError);
      expect(error).toMatchObject({
        code: "ERR_RT_OUT_OF_RANGE",
        message: expect.stringContaining("worker"),
      });
    }
  });

  it.each(perWorker)("starts at 0: %s", async (_name, read) => {
    await using runtime = Builder.currentThread().enableMetricsTiming().build();
    expect(read(runtime.metrics(), 0)).toBe(0);
  });
});

describe("RuntimeMetrics.numAliveTasks", () => {
  it.each(yielding)("counts tasks from their spawn to their end: %s lane", async (_lane, body) => {
    await using runtime = Builder.currentThread().build();
    const metrics = runtime.metrics();
    const handles = [runtime.spawn(body(1)), runtime.spawn(body(1))];
    const before = metrics.numAliveTasks();
    for (const handle of handles) await handle;
    expect([before, metrics.numAliveTasks()]).toEqual([2, 0]);
  });

  it("counts an aborted task until its cleanup has ended", async () => {
    await using runtime = Builder.currentThread().build();
    const gate = new Gate();
    const handle = runtime.spawn(function* (): Async<void> {
      try {
        yield* pending();
      } finally {
        yield* gate;
      }
    });
    await turn();
    handle.abort();
    await turn();
    const during = runtime.metrics().numAliveTasks();
    gate.open();
    await rejectionOf(handle);
    expect([during, runtime.metrics().numAliveTasks()]).toEqual([1, 0]);
  });

  it("is 0 after a shutdown", () => {
    const runtime = Builder.currentThread().build();
    for (let i = 0; i < 5; i += 1) runtime.spawn(pending());
    runtime.shutdownBackground();
    expect(runtime.metrics().numAliveTasks()).toBe(0);
  });
});

describe("RuntimeMetrics.spawnedTasksCount", () => {
  it("counts every spawn and never goes back", async () => {
    await using runtime = Builder.currentThread().build();
    for (let i = 0; i < 3; i += 1) await runtime.spawn(nothing());
    expect(runtime.metrics().spawnedTasksCount()).toBe(3);
  });

  it("does not count what is spawned after the shutdown", async () => {
    const runtime = Builder.currentThread().build();
    runtime.shutdownBackground();
    await rejectionOf(runtime.spawn(nothing()));
    expect(runtime.metrics().spawnedTasksCount()).toBe(0);
  });
});

describe("RuntimeMetrics.globalQueueDepth", () => {
  it("is the number of tasks woken from outside that have not been polled since", async () => {
    await using runtime = Builder.currentThread().build();
    for (let i = 0; i < 4; i += 1) runtime.spawn(nothing());
    const before = runtime.metrics().globalQueueDepth();
    await turn();
    expect([before, runtime.metrics().globalQueueDepth()]).toEqual([4, 0]);
  });
});

describe("RuntimeMetrics.workerLocalQueueDepth", () => {
  it("is the number of tasks that tasks have woken", async () => {
    await using runtime = Builder.currentThread().build();
    const depth = await runtime.spawn(function* (): Async<number> {
      for (let i = 0; i < 3; i += 1) spawn(nothing());
      return runtime.metrics().workerLocalQueueDepth(0);
    });
    expect(depth).toBe(3);
  });
});

describe("RuntimeMetrics.remoteScheduleCount", () => {
  it("counts wake-ups from outside alone", async () => {
    await using runtime = Builder.currentThread().build();
    const gate = new Gate();
    const handle = runtime.spawn(gate);
    await turn();
    gate.open();
    await handle;
    expect([runtime.metrics().remoteScheduleCount(), runtime.metrics().workerLocalScheduleCount(0)]).toEqual([
      2, 0,
    ]);
  });
});

describe("RuntimeMetrics.workerLocalScheduleCount", () => {
  it("counts wake-ups by tasks alone", async () => {
    await using runtime = Builder.currentThread().build();
    await runtime.spawn(yieldTimes(5));
    expect([runtime.metrics().workerLocalScheduleCount(0), runtime.metrics().remoteScheduleCount()]).toEqual([
      5, 1,
    ]);
  });
});

describe("RuntimeMetrics.workerPollCount", () => {
  it.each(yielding)("counts the polls of tasks: %s lane", async (_lane, body) => {
    await using runtime = Builder.currentThread().build();
    await runtime.spawn(body(4));
    await turn();
    expect(runtime.metrics().workerPollCount(0)).toBe(5);
  });
});

describe("RuntimeMetrics.workerParkCount", () => {
  it("counts each time that nothing is left to do", async () => {
    await using runtime = Builder.currentThread().build();
    for (let i = 0; i < 3; i += 1) {
      await runtime.spawn(nothing());
      await turn();
    }
    expect(runtime.metrics().workerParkCount(0)).toBe(3);
  });

  it("does not count the turns of the driver between tasks", async () => {
    await using runtime = Builder.currentThread().eventInterval(1).build();
    await runtime.spawn(yieldTimes(10));
    await turn();
    expect(runtime.metrics().workerParkCount(0)).toBe(1);
  });
});

describe("RuntimeMetrics.workerParkUnparkCount", () => {
  it("is odd while the worker is parked", async () => {
    await using runtime = Builder.currentThread().build();
    await runtime.spawn(nothing());
    await turn();
    expect(runtime.metrics().workerParkUnparkCount(0) % 2).toBe(1);
  });

  it("is even while a task runs", async () => {
    await using runtime = Builder.currentThread().build();
    await runtime.spawn(nothing());
    await turn();
    const seen = await runtime.spawn(function* (): Async<number> {
      return runtime.metrics().workerParkUnparkCount(0);
    });
    expect(seen).toBe(2);
  });
});

describe("RuntimeMetrics.workerNoopCount", () => {
  it("counts parks before which no task was polled", async () => {
    let activate = (): void => {};
    class Rousing extends EventLoopDriver {
      override start(given: () => void): void {
        activate = given;
        super.start(given);
      }
    }
    await using runtime = Builder.currentThread()
      .parkOn(() => new Rousing())
      .build();
    await runtime.spawn(nothing());
    await turn();
    const before = runtime.metrics().workerNoopCount(0);
    activate();
    activate();
    expect([before, runtime.metrics().workerNoopCount(0)]).toEqual([0, 2]);
  });
});

describe("RuntimeMetrics.budgetForcedYieldCount", () => {
  it("counts each time a budget of 128 is used up", async () => {
    await using runtime = Builder.currentThread().build();
    await runtime.spawn(consume(128 * 3 + 1));
    expect(runtime.metrics().budgetForcedYieldCount()).toBe(3);
  });

  it("stays 0 while budgets last", async () => {
    await using runtime = Builder.currentThread().build();
    await runtime.spawn(consume(128));
    expect(runtime.metrics().budgetForcedYieldCount()).toBe(0);
  });
});

describe("RuntimeMetrics.workerTotalBusyDuration", () => {
  it("throws and names the option when polls are not timed", async () => {
    await using runtime = Builder.currentThread().build();
    const error = thrownBy(() => runtime.metrics().workerTotalBusyDuration(0));
    expect(error).toBeInstanceOf(UsageError);
    expect(error).toMatchObject({
      code: "ERR_RT_INVALID_STATE",
      message: expect.stringContaining("enableMetricsTiming"),
    });
  });

  it.each(blocking)("is the time spent in polls: %s lane", async (_lane, body) => {
    await using runtime = Builder.currentThread().enableMetricsTiming().build();
    const start = performance.now();
    await runtime.spawn(body(10));
    await turn();
    const elapsed = performance.now() - start;
    expect(runtime.metrics().workerTotalBusyDuration(0)).toBeGreaterThanOrEqual(9);
    expect(runtime.metrics().workerTotalBusyDuration(0)).toBeLessThanOrEqual(elapsed);
  });

  it("does not grow while nothing runs", async () => {
    await using runtime = Builder.currentThread().enableMetricsTiming().build();
    await runtime.spawn(blockFor(2));
    await turn();
    const before = runtime.metrics().workerTotalBusyDuration(0);
    await turn();
    expect(runtime.metrics().workerTotalBusyDuration(0)).toBe(before);
  });
});

describe("RuntimeMetrics.pollTimeHistogramBucketCount", () => {
  it.each(blocking)("puts a poll into the bucket of its length: %s lane", async (_lane, body) => {
    await using runtime = Builder.currentThread()
      .enableMetricsPollTimeHistogram()
      .metricsPollTimeHistogramConfiguration(HistogramConfiguration.linear(10, 2))
      .build();
    await runtime.spawn(body(15));
    await turn();
    expect(runtime.metrics().pollTimeHistogramBucketCount(0, 1)).toBe(1);
  });

  it("counts every poll once", async () => {
    await using runtime = Builder.currentThread().enableMetricsPollTimeHistogram().build();
    await runtime.spawn(yieldTimes(9));
    await turn();
    const metrics = runtime.metrics();
    let sum = 0;
    for (let i = 0; i < metrics.pollTimeHistogramNumBuckets(); i += 1) {
      sum += metrics.pollTimeHistogramBucketCount(0, i);
    }
    expect(sum).toBe(10);
  });

  it("refuses a bucket that there is not", async () => {
    await using runtime = Builder.currentThread().enableMetricsPollTimeHistogram().build();
    const error = thrownBy(() => runtime.metrics().pollTimeHistogramBucketCount(0, 10));
    expect(error).toMatchObject({ code: "ERR_RT_OUT_OF_RANGE", message: expect.stringContaining("bucket") });
  });

  it("is 0, with no buckets and an empty range, when disabled", async () => {
    await using runtime = Builder.currentThread().build();
    const metrics = runtime.metrics();
    expect(metrics.pollTimeHistogramNumBuckets()).toBe(0);
    expect(metrics.pollTimeHistogramBucketRange(0)).toEqual({ start: 0, end: 0 });
    expect(metrics.pollTimeHistogramBucketCount(0, 0)).toBe(0);
  });
});

describe("RuntimeMetrics.scheduleLatencyHistogramBucketCount", () => {
  it.each(yielding)("counts every poll, no other option being set: %s lane", async (_lane, body) => {
    await using runtime = Builder.currentThread().enableMetricsScheduleLatencyHistogram().build();
    await runtime.spawn(body(9));
    await turn();
    const metrics = runtime.metrics();
    let sum = 0;
    for (let i = 0; i < metrics.scheduleLatencyHistogramNumBuckets(); i += 1) {
      sum += metrics.scheduleLatencyHistogramBucketCount(0, i);
    }
    expect(sum).toBe(10);
  });

  it("puts a wait into the bucket of its length", async () => {
    await using runtime = Builder.currentThread()
      .enableMetricsTiming()
      .enableMetricsScheduleLatencyHistogram()
      .metricsScheduleLatencyHistogramConfiguration(HistogramConfiguration.linear(10, 2))
      .build();
    const handle = runtime.spawn(nothing());
    block(15);
    await handle;
    expect(runtime.metrics().scheduleLatencyHistogramBucketCount(0, 1)).toBe(1);
  });

  it("has no buckets when latencies are not counted", async () => {
    await using runtime = Builder.currentThread().build();
    const metrics = runtime.metrics();
    expect(metrics.scheduleLatencyHistogramNumBuckets()).toBe(0);
    expect(metrics.scheduleLatencyHistogramBucketRange(3)).toEqual({ start: 0, end: 0 });
  });
});

describe("RuntimeMetrics.workerStealCount", () => {
  it("stays 0 on a current-thread runtime, like steal operations and overflows", async () => {
    await using runtime = Builder.currentThread().build();
    const handles = Array.from({ length: 1000 }, () => runtime.spawn(yieldTimes(1)));
    await until(() => handles.every((handle) => handle.isFinished()));
    const metrics = runtime.metrics();
    expect([
      metrics.workerStealCount(0),
      metrics.workerStealOperations(0),
      metrics.workerOverflowCount(0),
    ]).toEqual([0, 0, 0]);
  });
});
