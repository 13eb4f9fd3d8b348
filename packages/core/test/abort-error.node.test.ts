/** Errors by which Node's own functions tell that a signal has fired: they cancel what was dropped, and nothing else. */
import { exec } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import {
  type Async,
  fromPromise,
  intoFuture,
  JoinError,
  JoinSet,
  pending,
  signal,
  withSignal,
  yieldNow,
} from "@rt/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { quietRuntime, rejectionOf, turn } from "./support/lanes.ts";

type Wait = (abortSignal: AbortSignal) => Promise<unknown>;

function abortError(options?: ErrorOptions): Error {
  return Object.assign(new Error("The operation was aborted", options), { name: "AbortError" });
}

/** Rejects with `make(reason)` once the signal fires. */
function rejectingWith(make: (reason: unknown) => Error): Wait {
  return (abortSignal) =>
    new Promise((_, reject) => {
      abortSignal.addEventListener("abort", () => reject(make(abortSignal.reason)));
    });
}

const waits: Record<string, Wait> = {
  "events.once": (abortSignal) => once(new EventEmitter(), "x", { signal: abortSignal }),
  "timers/promises": (abortSignal) => delay(1e6, undefined, { signal: abortSignal }),
  pipeline: (abortSignal) =>
    pipeline(new Readable({ read() {} }), async (source) => void (await Array.fromAsync(source)), {
      signal: abortSignal,
    }),
  exec: (abortSignal) => promisify(exec)("sleep 1000", { signal: abortSignal }),
  fetch: (abortSignal) => fetch(`http://127.0.0.1:${port}/`, { signal: abortSignal }),
  "one that keeps no reason": rejectingWith(() => abortError()),
  "a DOMException": rejectingWith(() => new DOMException("aborted", "AbortError")),
  "one that throws what axios does": rejectingWith(() =>
    Object.assign(new Error("canceled"), { name: "CanceledError", code: "ERR_CANCELED" }),
  ),
  "one that wraps it twice": rejectingWith(
    (reason) => new Error("failed", { cause: abortError({ cause: reason }) }),
  ),
  "several at once": (abortSignal) =>
    Promise.any([
      once(new EventEmitter(), "x", { signal: abortSignal }),
      once(new EventEmitter(), "y", { signal: abortSignal }),
    ]),
};

/** A server that never answers. */
const silent = createServer();
let port = 0;

beforeAll(async () => {
  await once(silent.listen(0, "127.0.0.1"), "listening");
  port = (silent.address() as AddressInfo).port;
});

afterAll(() => void silent.close());

describe.each(Object.entries(waits))("a task that is dropped while it waits for %s", (name, wait) => {
  it("is cancelled: async lane", async () => {
    const { runtime, reports } = quietRuntime();
    const task = runtime.spawn(async () => void (await wait(signal())));
    await turn();
    task.abort();
    const error = (await rejectionOf(task)) as JoinError;
    expect([error instanceof JoinError && error.isCancelled(), reports]).toEqual([true, []]);
  });

  it("is cancelled when its cleanup runs into the error: generator lane", async () => {
    const { runtime, reports } = quietRuntime();
    function* body(): Async<void> {
      const promise = wait(signal());
      promise.catch(() => {});
      try {
        yield* pending();
      } finally {
        yield* fromPromise(promise);
      }
    }
    const task = runtime.spawn(body());
    await turn();
    task.abort();
    const error = (await rejectionOf(task)) as JoinError;
    expect([error instanceof JoinError && error.isCancelled(), reports]).toEqual([true, []]);
  });

  it("leaves no report when it is a part that lost", async () => {
    const { runtime, reports } = quietRuntime();
    const task = runtime.spawn(async () => {
      const part = intoFuture(async () => void (await wait(signal())));
      part.poll({ waker: { wake() {} } });
      await yieldNow();
      part.drop();
      return "won";
    });
    expect(await task).toBe("won");
    await turn();
    await turn();
    expect([name, reports]).toEqual([name, []]);
  });

  it("counts as cancelled in a JoinSet", async () => {
    const { runtime, reports } = quietRuntime();
    await runtime.blockOn(async () => {
      const set = new JoinSet<void>();
      set.spawn(async () => void (await wait(signal())));
      await fromPromise(turn());
      set.abortAll();
      const error = (await rejectionOf(set.joinNext())) as JoinError;
      expect(error instanceof JoinError && error.isCancelled()).toBe(true);
    });
    expect(reports).toEqual([]);
  });
});

describe("an AbortError of another signal", () => {
  it("stays the error of a task that was not dropped", async () => {
    const { runtime } = quietRuntime();
    const task = runtime.spawn(async () => {
      const abortSignal = AbortSignal.abort();
      await once(new EventEmitter(), "x", { signal: abortSignal });
    });
    expect(await rejectionOf(task)).toMatchObject({ name: "AbortError" });
  });

  it("stays the error of a task that was dropped", async () => {
    const { runtime } = quietRuntime();
    const controller = new AbortController();
    const task = runtime.spawn(async () => {
      signal();
      try {
        await pending();
      } finally {
        controller.abort(new Error("mine"));
        await once(new EventEmitter(), "x", { signal: controller.signal });
      }
    });
    await turn();
    task.abort();
    expect(await rejectionOf(task)).toMatchObject({ name: "AbortError", cause: { message: "mine" } });
  });

  it("stays an error where the task has no signal that could have caused it", async () => {
    const { runtime } = quietRuntime();
    const task = runtime.spawn(async () => {
      await pending().then(null, () => {
        throw abortError();
      });
    });
    await turn();
    task.abort();
    expect(await rejectionOf(task)).toMatchObject({ name: "AbortError" });
  });

  it("stays the reason that withSignal throws", async () => {
    const { runtime } = quietRuntime();
    const controller = new AbortController();
    const task = runtime.spawn(async () => await withSignal(controller.signal, pending()));
    await turn();
    controller.abort();
    expect(await rejectionOf(task)).toMatchObject({ name: "AbortError" });
  });
});

describe("code left behind that waits under the signal of its task", () => {
  it("does not surface when the task is dropped", async () => {
    const { runtime } = quietRuntime();
    const seen: unknown[] = [];
    const others = process.listeners("unhandledRejection");
    process.removeAllListeners("unhandledRejection");
    process.on("unhandledRejection", (reason) => seen.push(reason));
    const task = runtime.spawn(async () => {
      void once(new EventEmitter(), "x", { signal: signal() });
      await pending();
    });
    await turn();
    task.abort();
    await rejectionOf(task);
    await turn();
    process.removeAllListeners("unhandledRejection");
    for (const other of others) process.on("unhandledRejection", other);
    expect(seen).toEqual([]);
  });
});
