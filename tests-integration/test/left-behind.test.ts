/**
 * What ordinary async programs leave behind: calls that nobody awaits, servers and listeners made inside a task, loops
 * beside what is awaited; and promises of others that never settle. Real programs did this, and must not notice.
 */
import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import {
  Builder,
  fromPromise,
  JoinError,
  JoinSet,
  type Report,
  type Runtime,
  spawn,
  TaskLocal,
  tryId,
  type Async,
} from "@rt/core";
import { join, select, tryJoin } from "@rt/macros";
import { mpsc } from "@rt/sync";
import { Elapsed, sleep, timeout } from "@rt/time";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";

const unhandled: unknown[] = [];

beforeEach(() => {
  unhandled.length = 0;
  const others = process.listeners("unhandledRejection");
  const listener = (reason: unknown): void => void unhandled.push(reason);
  process.removeAllListeners("unhandledRejection").on("unhandledRejection", listener);
  onTestFinished(() => {
    process.removeAllListeners("unhandledRejection");
    for (const other of others) process.on("unhandledRejection", other);
    expect(unhandled).toEqual([]);
  });
});

const never = (): Promise<never> => new Promise(() => {});

function quiet(): { runtime: Runtime; reports: Report[] } {
  const reports: Report[] = [];
  const runtime = Builder.currentThread()
    .onReport((report) => reports.push(report))
    .build();
  return { runtime, reports };
}

describe("an HTTP server made inside a task", () => {
  it("goes on answering when the task has ended", async () => {
    const { runtime, reports } = quiet();
    const ids: unknown[] = [];
    const { server } = await runtime.spawn(async () => {
      const made = http.createServer((_request, response) => {
        void (async () => {
          await sleep(5);
          ids.push(tryId());
          response.end("hi");
        })();
      });
      await once(made.listen(0, "127.0.0.1"), "listening");
      return { server: made };
    });
    const { port } = server.address() as AddressInfo;
    const answers = await Promise.all(
      [1, 2, 3].map(async () => await (await fetch(`http://127.0.0.1:${port}/`)).text()),
    );
    server.close();
    server.closeAllConnections();
    expect([answers, ids, reports]).toEqual([["hi", "hi", "hi"], [undefined, undefined, undefined], []]);
  });

  it("has its handlers cancelled when the task is dropped, and nobody else notices", async () => {
    const { runtime, reports } = quiet();
    const listening = Promise.withResolvers<http.Server>();
    let error: unknown;
    const task = runtime.spawn(async () => {
      const made = http.createServer((_request, response) => {
        void (async () => {
          try {
            await sleep(1e6);
          } catch (caught) {
            error = caught;
            throw caught;
          } finally {
            response.end("closed");
          }
        })();
      });
      await once(made.listen(0, "127.0.0.1"), "listening");
      listening.resolve(made);
      await sleep(1e6);
    });
    const server = await listening.promise;
    const { port } = server.address() as AddressInfo;
    const answer = fetch(`http://127.0.0.1:${port}/`).then((response) => response.text());
    await once(server, "request");
    await delay(5);
    task.abort();
    expect(await answer).toBe("closed");
    server.close();
    expect([(error as Error).name, reports]).toEqual(["Cancelled", []]);
  });
});

/** The ways to run a part of a task, to its end. */
const parts: Record<string, (part: () => Promise<void>) => Async<unknown>> = {
  *spawn(part) {
    yield* spawn(part);
  },
  *select(part) {
    yield* select({ part, other: sleep(1e6) });
  },
  *join(part) {
    yield* join(part, sleep(0));
  },
  *tryJoin(part) {
    yield* tryJoin(part, sleep(0));
  },
  *timeout(part) {
    yield* timeout(1000, part);
  },
  *JoinSet(part) {
    const set = new JoinSet<void>();
    set.spawn(part);
    yield* set.joinNext();
  },
};

describe.each(Object.entries(parts))("a call that nobody awaits, in a part run by %s", (_, run) => {
  it("goes on when the part has ended, with its task-locals", async () => {
    const { runtime, reports } = quiet();
    const name = new TaskLocal<string>("name");
    const seen: unknown[] = [];
    await runtime.spawn(
      name.scope(
        "anna",
        run(async () => {
          void (async () => {
            await sleep(15);
            seen.push(name.tryGet(), tryId());
            await delay(1);
            await sleep(1);
            seen.push(name.tryGet());
          })();
        }),
      ),
    );
    await delay(40);
    // Spawned tasks don't inherit task-locals.
    const expected = run === parts["spawn"] || run === parts["JoinSet"] ? expect.any(Error) : "anna";
    expect([seen, reports]).toEqual([[expected, undefined, expected], []]);
  });
});

/** The ways in which a part is dropped after 15 ms. */
const drops: Record<string, (part: () => Promise<unknown>) => Async<unknown>> = {
  *timeout(part) {
    try {
      yield* timeout(15, part);
    } catch (error) {
      if (!(error instanceof Elapsed)) throw error;
    }
  },
  *select(part) {
    yield* select({ part, other: sleep(15) });
  },
  *tryJoin(part) {
    try {
      yield* tryJoin(part, async () => {
        await sleep(15);
        throw new Error("enough");
      });
    } catch (error) {
      if ((error as Error).message !== "enough") throw error;
    }
  },
  *abort(part) {
    const task = spawn(part);
    yield* sleep(15);
    task.abort();
    try {
      yield* task;
    } catch (error) {
      if (!(error instanceof JoinError)) throw error;
    }
  },
  *"JoinSet.shutdown"(part) {
    const set = new JoinSet<unknown>();
    set.spawn(part);
    yield* sleep(15);
    yield* set.shutdown();
  },
};

describe.each(Object.entries(drops))("a part that %s drops", (_, drop) => {
  it("does no more work in any of its chains", async () => {
    const { runtime, reports } = quiet();
    let rounds = 0;
    const poller = async (): Promise<void> => {
      for (;;) {
        await delay(1);
        await sleep(0);
        rounds += 1;
      }
    };
    await runtime.spawn(drop(async () => await Promise.all([poller(), sleep(5000)])));
    const before = rounds;
    await delay(20);
    expect([rounds - before, reports]).toEqual([0, []]);
  });

  it("is not waited for where it hangs in a promise of others: generator lane", async () => {
    const { runtime, reports } = quiet();
    let signalled = 0;
    await runtime.spawn(
      drop(
        async () =>
          await fromPromise((abortSignal) => ((abortSignal.onabort = () => (signalled += 1)), never())),
      ),
    );
    await runtime.spawn(drop(async () => await never()));
    expect([signalled, reports]).toEqual([1, []]);
  });

  it("is not waited for where it hangs in a promise of others: async lane", async () => {
    const { runtime } = quiet();
    const body = drop(async () => await never());
    await runtime.spawn(async () => await (async () => await spawn(body))());
  });

  it("loses no message that its code had not taken", async () => {
    const { runtime } = quiet();
    const { tx, rx } = mpsc.unboundedChannel<number>();
    let settle = (): void => {};
    await runtime.spawn(
      drop(async () => {
        await new Promise<void>((resolve) => (settle = resolve));
        await rx.recv();
      }),
    );
    tx.send(1);
    settle();
    await delay(5);
    expect(rx.tryRecv()).toBe(1);
  });
});

describe("await using runtime", () => {
  it("ends though a task hangs in a promise of others, and names it", async () => {
    const { runtime, reports } = quiet();
    {
      await using held = runtime;
      held.spawn(async () => await never());
      await delay(1);
    }
    expect(reports.map(({ kind }) => kind)).toEqual(["not-waited-for"]);
  });
});
