/** Code that a task has started and not awaited, when the task ends, is dropped, or loses its runtime. */
import {
  Cancelled,
  Future,
  intoFuture,
  JoinError,
  pending,
  type Poll,
  spawn,
  TaskLocal,
  tryId,
  yieldNow,
  type Async,
} from "@rt/core";
import { describe, expect, it, onTestFinished } from "vitest";
import { Gate, keepsContext, quietRuntime, rejectionOf, turn } from "./support/lanes.ts";

async function turns(count = 5): Promise<void> {
  for (let i = 0; i < count; i += 1) await turn();
}

/** Notes every rejection that nobody handles. */
function unhandled(): unknown[] {
  const seen: unknown[] = [];
  const listener = (reason: unknown): void => void seen.push(reason);
  const host = (globalThis as { process?: NodeJS.Process }).process;
  if (host?.on === undefined) return seen;
  const others = host.listeners("unhandledRejection");
  host.removeAllListeners("unhandledRejection");
  host.on("unhandledRejection", listener);
  onTestFinished(() => {
    host.removeListener("unhandledRejection", listener);
    for (const other of others) host.on("unhandledRejection", other);
  });
  return seen;
}

describe("code that outlives its task: the task ends by itself", () => {
  it("goes on at an await of ours that it waits at", async () => {
    const { runtime, reports } = quietRuntime();
    const gate = new Gate<string>();
    const log: string[] = [];
    const task = runtime.spawn(async () => {
      void (async () => log.push(await gate))();
      await yieldNow();
      return "done";
    });
    expect(await task).toBe("done");
    await turn();
    expect([gate.isWaiting, gate.drops, log]).toEqual([true, 0, []]);
    gate.open("went on");
    await turn();
    expect([log, reports]).toEqual([["went on"], []]);
  });

  it("is not waited for", async () => {
    const { runtime } = quietRuntime();
    const task = runtime.spawn(async () => {
      void (async () => await pending())();
      await yieldNow();
    });
    await task;
    expect(runtime.metrics().numAliveTasks()).toBe(0);
  });

  it.runIf(keepsContext)(
    "goes on at awaits that it makes later, also behind promises of others",
    async () => {
      const { runtime } = quietRuntime();
      const gate = new Gate();
      const log: string[] = [];
      await runtime.spawn(async () => {
        void (async () => {
          await turns(3);
          await yieldNow();
          log.push("yielded");
          await gate;
          log.push("passed");
        })();
      });
      await turns(6);
      expect([log, gate.isWaiting]).toEqual([["yielded"], true]);
      gate.open();
      await turn();
      expect(log).toEqual(["yielded", "passed"]);
    },
  );

  it.runIf(keepsContext)("belongs to no task from then on, and keeps its runtime", async () => {
    const { runtime } = quietRuntime();
    const ids: unknown[] = [];
    const gate = new Gate();
    const task = runtime.spawn(async () => {
      void (async () => {
        ids.push(tryId());
        await gate;
        ids.push(tryId());
        await spawn(async () => void ids.push("child"));
        ids.push(tryId());
        ids.push(runtime.metrics().spawnedTasksCount());
      })();
      await yieldNow();
    });
    await task;
    gate.open();
    await turns();
    expect(ids).toEqual([task.id(), undefined, "child", undefined, 2]);
  });

  it.runIf(keepsContext)("may call blockOn, like code outside any task", async () => {
    const { runtime } = quietRuntime();
    const gate = new Gate();
    let value = 0;
    await runtime.spawn(async () => {
      void (async () => {
        await gate;
        value = await runtime.blockOn(async () => 7);
      })();
      await yieldNow();
    });
    gate.open();
    await turns();
    expect(value).toBe(7);
  });

  it("sees the task-locals of the place it began at", async () => {
    const { runtime } = quietRuntime();
    const name = new TaskLocal<string>("name");
    const gate = new Gate();
    const seen: unknown[] = [];
    function* looks(): Async<void> {
      seen.push(name.get());
      yield* yieldNow();
      seen.push(name.get());
    }
    await runtime.spawn(
      name.scope("anna", async () => {
        void (async () => {
          await gate;
          if (keepsContext) seen.push(name.get());
          await intoFuture(looks());
        })();
        await yieldNow();
      }),
    );
    gate.open();
    await turns();
    expect(seen.every((value) => value === "anna") && seen.length >= (keepsContext ? 3 : 0)).toBe(true);
  });

  it("goes on when it is a part of what was raced, and that part has ended", async () => {
    const { runtime, reports } = quietRuntime();
    const gate = new Gate();
    const log: string[] = [];
    function* races(): Async<number> {
      const part = intoFuture(async () => {
        void (async () => {
          await gate;
          log.push("went on");
        })();
        await yieldNow();
        return 1;
      });
      return yield* part;
    }
    expect(await runtime.spawn(races())).toBe(1);
    gate.open();
    await turns();
    expect([log, reports]).toEqual([["went on"], []]);
  });

  it("goes on when the function fails", async () => {
    const { runtime } = quietRuntime();
    const gate = new Gate();
    const log: string[] = [];
    const task = runtime.spawn(async () => {
      void (async () => {
        await gate;
        log.push("went on");
      })();
      await yieldNow();
      throw new Error("broken");
    });
    expect(await rejectionOf(task)).toMatchObject({ message: "broken" });
    gate.open();
    await turns();
    expect(log).toEqual(["went on"]);
  });

  it("takes a leaf that was woken, and not polled, before the end", async () => {
    const { runtime } = quietRuntime();
    const gate = new Gate<string>();
    const log: string[] = [];
    await runtime.spawn(async () => {
      void (async () => log.push(await gate))();
      await yieldNow();
      gate.open("taken");
    });
    await turns();
    expect(log).toEqual(["taken"]);
  });

  it("holds a chain of then", async () => {
    const { runtime } = quietRuntime();
    const gate = new Gate<number>();
    let got = 0;
    await runtime.spawn(async () => {
      void gate.then((value) => value + 1).then((value) => (got = value));
      await yieldNow();
    });
    gate.open(41);
    await turns();
    expect(got).toBe(42);
  });

  it("leaves nothing on the runtime once it is over, however many tasks it came from", async () => {
    const { runtime } = quietRuntime();
    const gates: Gate[] = [];
    for (let i = 0; i < 100; i += 1) {
      await runtime.spawn(async () => {
        const gate = new Gate();
        gates.push(gate);
        void (async () => await gate)();
        await yieldNow();
      });
    }
    for (const gate of gates) gate.open();
    await turns();
    expect(runtime.handle().dump().tasks.length).toBeLessThanOrEqual(1); // the root, where it was polled
  });
});

describe("code that outlives its task: the task is dropped", () => {
  it("is told so at the await it waits at, and its finally runs", async () => {
    const seen = unhandled();
    const { runtime, reports } = quietRuntime();
    const log: string[] = [];
    const task = runtime.spawn(async () => {
      void (async () => {
        try {
          await pending();
        } catch (error) {
          log.push((error as Error).name);
          throw error;
        } finally {
          log.push("finally");
        }
      })();
      await pending();
    });
    await turn();
    task.abort();
    expect(await rejectionOf(task)).toBeInstanceOf(JoinError);
    await turns();
    expect([log, seen, reports]).toEqual([["Cancelled", "finally"], [], []]);
  });

  it.runIf(keepsContext)("is told so at its next await, when it waits for a promise of others", async () => {
    const seen = unhandled();
    const { runtime } = quietRuntime();
    const log: string[] = [];
    const task = runtime.spawn(async () => {
      void (async () => {
        for (let left = 20; left > 0; left -= 1) {
          await turn();
          await yieldNow();
          log.push("worked");
        }
      })();
      await pending();
    });
    await turns(4);
    task.abort();
    await rejectionOf(task);
    const before = log.length;
    await turns(6);
    expect([before > 0, log.length - before, seen]).toEqual([true, 0, []]);
  });

  it.runIf(keepsContext)("waits in its cleanup as long as it takes, and the task with it", async () => {
    const { runtime } = quietRuntime();
    const cleanup = new Gate();
    const log: string[] = [];
    const task = runtime.spawn(async () => {
      void (async () => {
        try {
          await pending();
        } finally {
          await cleanup;
          await yieldNow();
          log.push("cleaned");
        }
      })();
      await pending();
    });
    await turn();
    task.abort();
    await turns();
    expect([task.isFinished(), log]).toEqual([false, []]);
    cleanup.open();
    await rejectionOf(task);
    expect(log).toEqual(["cleaned"]);
  });

  it("does not surface as an unhandled rejection, and others do", async () => {
    if (!keepsContext) return;
    const seen = unhandled();
    const { runtime } = quietRuntime();
    const task = runtime.spawn(async () => {
      void (async () => await pending())();
      void (async () => {
        await pending();
      })().catch(() => {
        throw new Error("mine");
      });
      await pending();
    });
    await turn();
    task.abort();
    await rejectionOf(task);
    await turns();
    expect(seen).toMatchObject([{ message: "mine" }]);
  });
});

describe("code that outlives its task: the runtime shuts down", () => {
  it("is told so", async () => {
    const seen = unhandled();
    const { runtime } = quietRuntime();
    const log: string[] = [];
    await runtime.spawn(async () => {
      void (async () => {
        try {
          await pending();
        } catch (error) {
          log.push(error instanceof Cancelled ? "Cancelled" : String(error));
          throw error;
        }
      })();
      await yieldNow();
    });
    await runtime.shutdownTimeout(1000);
    await turns();
    expect([log, seen]).toEqual([["Cancelled"], []]);
  });

  it.runIf(keepsContext)("is waited for while its cleanup waits for something of ours", async () => {
    const { runtime } = quietRuntime();
    const log: string[] = [];
    const cleanup = new Gate();
    await runtime.spawn(async () => {
      void (async () => {
        try {
          await pending();
        } finally {
          await cleanup;
          log.push("cleaned");
        }
      })();
      await yieldNow();
    });
    const down = runtime[Symbol.asyncDispose]().then(() => log.push("down"));
    await turns();
    expect(log).toEqual([]);
    cleanup.open();
    await down;
    expect(log).toEqual(["cleaned", "down"]);
  });

  it.runIf(keepsContext)(
    "is told so when a part of a cleanup leaves it behind meanwhile, and other cleanup goes on",
    async () => {
      const { runtime } = quietRuntime();
      const cleanup = new Gate();
      const log: string[] = [];
      // At the root: cleans up as long as the gate is closed.
      await runtime.spawn(async () => {
        void (async () => {
          try {
            await pending();
          } finally {
            await cleanup;
            log.push("cleaned");
          }
        })();
        await yieldNow();
      });
      runtime.spawn(async () => {
        try {
          await pending();
        } finally {
          await intoFuture(async () => {
            void (async () => await pending())().catch((error: unknown) => log.push((error as Error).name));
            await yieldNow();
          });
        }
      });
      await turn();
      const down = runtime.shutdownTimeout(1000);
      await turns();
      expect(log).toEqual(["Cancelled"]);
      cleanup.open();
      await down;
      expect(log).toEqual(["Cancelled", "cleaned"]);
    },
  );

  it("is told so at whatever it awaits afterwards", async () => {
    const { runtime } = quietRuntime();
    const gate = new Gate();
    let error: unknown;
    await runtime.spawn(async () => {
      void (async () => {
        try {
          await turns(3);
          await gate;
        } catch (caught) {
          error = caught;
        }
      })();
      await yieldNow();
    });
    await runtime.shutdownTimeout(10);
    await turns(6);
    expect(error === undefined ? !keepsContext : error instanceof Cancelled).toBe(true);
  });
});

describe("a part of a function that was dropped", () => {
  it.runIf(keepsContext)(
    "does no more work than its cleanup, whichever of several chains it is",
    async () => {
      const { runtime } = quietRuntime();
      const log: string[] = [];
      const task = runtime.spawn(async () => {
        const poller = async (name: string): Promise<void> => {
          try {
            for (;;) {
              await turn();
              await yieldNow();
              log.push(name);
            }
          } finally {
            await yieldNow();
            log.push(`${name} cleaned`);
          }
        };
        await Promise.all([poller("a"), poller("b"), pending()]);
      });
      await turns(6);
      task.abort();
      await rejectionOf(task);
      const before = log.length;
      await turns(8);
      expect(log.slice(before).toSorted()).toEqual(["a cleaned", "b cleaned"]);
    },
  );

  it.runIf(keepsContext)("cleans up behind a promise of others, while other chains are told", async () => {
    const { runtime } = quietRuntime();
    const log: string[] = [];
    const task = runtime.spawn(async () => {
      const poller = async (): Promise<void> => {
        for (;;) {
          await turn();
          await yieldNow();
        }
      };
      try {
        await Promise.all([poller(), pending()]);
      } finally {
        await turn();
        await yieldNow();
        await turn();
        await yieldNow();
        log.push("cleaned");
      }
    });
    await turns(4);
    task.abort();
    expect(await rejectionOf(task)).toBeInstanceOf(JoinError);
    expect(log).toEqual(["cleaned"]);
  });
});

describe("a function that is dropped by what it awaits", () => {
  it("is told at its next await, when it was given a value", async () => {
    const { runtime } = quietRuntime();
    const log: string[] = [];
    let part: Future<void> | undefined;
    class Dropping extends Future<string> {
      override poll(): Poll<string> {
        part?.drop();
        return "value";
      }
    }
    const task = runtime.spawn(async () => {
      part = intoFuture(async () => {
        await yieldNow();
        try {
          log.push(await new Dropping());
          await yieldNow();
          log.push("went on");
        } finally {
          await yieldNow();
          log.push("cleaned");
        }
      });
      await part.then(null, () => {});
    });
    await turns();
    task.abort();
    await turns();
    expect(log).toEqual(["value", "cleaned"]);
  });
});

describe("a promise of somebody else's that never settles", () => {
  const never = (): Promise<void> => new Promise(() => {});

  it("does not keep an aborted task from ending", async () => {
    const { runtime, reports } = quietRuntime();
    const task = runtime.spawn(async () => await never());
    await turn();
    task.abort();
    expect(await rejectionOf(task)).toBeInstanceOf(JoinError);
    expect(reports).toEqual([]);
  });

  it("does not keep the task that drops such a part from ending, in the generator lane", async () => {
    const { runtime } = quietRuntime();
    function* drops(): Async<string> {
      const part = intoFuture(async () => await never());
      part.poll({ waker: { wake() {} } });
      yield* yieldNow();
      part.drop();
      return "ended";
    }
    expect(await runtime.spawn(drops())).toBe("ended");
  });

  it.runIf(keepsContext)("tells the code when it settles after all, and runs its finally", async () => {
    const { runtime, reports } = quietRuntime();
    const log: string[] = [];
    let settle = (): void => {};
    const late = new Promise<void>((resolve) => (settle = resolve));
    const cleanup = new Gate();
    const task = runtime.spawn(async () => {
      try {
        await late;
        log.push("behind the promise");
        await yieldNow();
        log.push("worked");
      } catch (error) {
        log.push((error as Error).name, String(tryId()));
        throw error;
      } finally {
        await cleanup;
        log.push("cleaned");
      }
    });
    await turn();
    task.abort();
    await rejectionOf(task);
    settle();
    await turns();
    expect(log).toEqual(["behind the promise", "Cancelled", "undefined"]);
    cleanup.open();
    await turns();
    expect([log.at(-1), reports]).toEqual(["cleaned", []]);
  });

  it("may fail later without a word, where nobody of the code was told before", async () => {
    const seen = unhandled();
    const { runtime, reports } = quietRuntime();
    let fail = (_error: Error): void => {};
    const task = runtime.spawn(async () => await new Promise<void>((_, reject) => (fail = reject)));
    await turn();
    task.abort();
    await rejectionOf(task);
    fail(new Error("no answer"));
    await turns();
    expect([reports, seen]).toEqual([[], []]);
  });

  it.runIf(keepsContext)("is reported when the cleanup fails that runs behind it", async () => {
    const { runtime, reports } = quietRuntime();
    let settle = (): void => {};
    const task = runtime.spawn(async () => {
      try {
        await new Promise<void>((resolve) => (settle = resolve));
        await yieldNow();
      } finally {
        JSON.parse("{");
      }
    });
    await turn();
    task.abort();
    await rejectionOf(task);
    settle();
    await turns();
    expect(reports.map(({ kind, error }) => [kind, error instanceof SyntaxError])).toEqual([
      ["task-failed", true],
    ]);
  });

  it("is named by a shutdown that has waited for it long enough", async () => {
    const { runtime, reports } = quietRuntime((builder) => builder.foreignGrace(5));
    runtime.spawn(async () => await never());
    await turn();
    await runtime[Symbol.asyncDispose]();
    expect(reports.map(({ kind }) => kind)).toEqual(["not-waited-for"]);
    expect(reports[0]?.message).toMatch(/task #\d+/);
  });

  it.runIf(keepsContext)("gets its time from a shutdown, and the cleanup behind it, too", async () => {
    const { runtime, reports } = quietRuntime((builder) => builder.foreignGrace(10_000));
    const log: string[] = [];
    let settle = (): void => {};
    runtime.spawn(async () => {
      try {
        await new Promise<void>((resolve) => (settle = resolve));
        await yieldNow();
      } finally {
        await yieldNow();
        log.push("cleaned");
      }
    });
    await turn();
    const down = runtime[Symbol.asyncDispose]().then(() => log.push("down"));
    await turns();
    expect(log).toEqual([]);
    settle();
    await down;
    expect([log, reports]).toEqual([["cleaned", "down"], []]);
  });

  it("holds up the end of a task in its cleanup no longer than the grace, and is reported", async () => {
    const { runtime, reports } = quietRuntime((builder) => builder.foreignGrace(5));
    const task = runtime.spawn(async () => {
      try {
        await pending();
      } finally {
        await never();
      }
    });
    await turn();
    task.abort();
    expect(await rejectionOf(task)).toBeInstanceOf(JoinError);
    expect(reports.map(({ kind }) => kind)).toEqual(["not-waited-for"]);
  });

  it("is waited for in a cleanup, when it settles within the grace", async () => {
    const { runtime } = quietRuntime((builder) => builder.foreignGrace(10_000));
    const log: string[] = [];
    const task = runtime.spawn(async () => {
      try {
        await pending();
      } finally {
        await turn();
        await turn();
        log.push("cleaned");
      }
    });
    await turn();
    task.abort();
    await rejectionOf(task);
    expect(log).toEqual(["cleaned"]);
  });
});

describe("Builder.cleanupTimeout", () => {
  it.each([
    [
      "generator",
      function* (): Async<void> {
        try {
          yield* pending();
        } finally {
          yield* pending();
        }
      },
    ],
    [
      "async",
      async (): Promise<void> => {
        try {
          await pending();
        } finally {
          await pending();
        }
      },
    ],
  ] as const)("ends a cleanup that takes longer, and reports it: %s lane", async (_lane, body) => {
    const { runtime, reports } = quietRuntime((builder) => builder.cleanupTimeout(5));
    const task = runtime.spawn(body);
    await turn();
    task.abort();
    expect(await rejectionOf(task)).toBeInstanceOf(JoinError);
    expect(reports.map(({ kind }) => kind)).toEqual(["not-waited-for"]);
  });

  it.runIf(keepsContext)("ends the cleanup of a part that was dropped, and its task goes on", async () => {
    const { runtime, reports } = quietRuntime((builder) => builder.cleanupTimeout(5));
    const task = runtime.spawn(async () => {
      const part = intoFuture(async () => {
        try {
          await pending();
        } finally {
          await pending();
        }
      });
      part.poll({ waker: { wake() {} } });
      await yieldNow();
      part.drop();
      return "done";
    });
    expect(await task).toBe("done");
    expect(reports.map(({ kind }) => kind)).toEqual(["not-waited-for"]);
  });

  it("leaves a cleanup alone that ends in time", async () => {
    const { runtime, reports } = quietRuntime((builder) => builder.cleanupTimeout(10_000));
    const log: string[] = [];
    const task = runtime.spawn(async () => {
      try {
        await pending();
      } finally {
        await yieldNow();
        log.push("cleaned");
      }
    });
    await turn();
    task.abort();
    await rejectionOf(task);
    expect([log, reports]).toEqual([["cleaned"], []]);
  });

  it.each(["foreignGrace", "cleanupTimeout"] as const)("refuses a time for %s that is none", (option) => {
    const { runtime } = quietRuntime();
    expect(() => quietRuntime((builder) => builder[option](-1))).toThrow(RangeError);
    expect(() => quietRuntime((builder) => builder[option]("5" as never))).toThrow(TypeError);
    runtime.shutdownBackground();
  });
});
