/**
 * Two copies of every package, of one version, as a program has them whose libraries bundle them. They meet in one realm:
 * whatever one has made is as good for the other. Resetting the modules makes the second copy.
 */
import type * as Core from "@rt/core";
import type * as Driver from "@rt/core/driver";
import type * as Io from "@rt/io";
import type * as Macros from "@rt/macros";
import type * as Net from "@rt/net";
import type * as Process from "@rt/process";
import type * as Signal from "@rt/signal";
import type * as Sync from "@rt/sync";
import type * as Time from "@rt/time";
import { describe, expect, it, onTestFinished, vi } from "vitest";

interface Copy {
  readonly driver: typeof Driver;
  readonly core: typeof Core;
  readonly io: typeof Io;
  readonly macros: typeof Macros;
  readonly net: typeof Net;
  readonly process: typeof Process;
  readonly signal: typeof Signal;
  readonly sync: typeof Sync;
  readonly time: typeof Time;
}

async function load(): Promise<Copy> {
  vi.resetModules();
  return {
    driver: await import("@rt/core/driver"),
    core: await import("@rt/core"),
    io: await import("@rt/io"),
    macros: await import("@rt/macros"),
    net: await import("@rt/net"),
    process: await import("@rt/process"),
    signal: await import("@rt/signal"),
    sync: await import("@rt/sync"),
    time: await import("@rt/time"),
  };
}

const first = await load();
const second = await load();

function runtimeOf({ core }: Copy): Core.Runtime {
  const runtime = core.Builder.currentThread().startPaused(true).build();
  onTestFinished(() => runtime.shutdownBackground());
  return runtime;
}

/** Computations made of what a copy exports. Each gives 42. */
const MADE: Readonly<Record<string, (by: Copy) => Core.IntoFuture<number>>> = {
  "a future that is ready": ({ core }) => core.ready(42),
  "a generator": ({ core }) =>
    (function* (): Core.Async<number> {
      yield* core.yieldNow();
      return 42;
    })(),
  "a generator as a future": ({ core }) =>
    core.intoFuture(function* (): Core.Async<number> {
      yield* core.yieldNow();
      return 42;
    }),
  "an async function": ({ core }) => {
    return async () => {
      await core.yieldNow();
      await Promise.resolve();
      return (await core.ready(41)) + 1;
    };
  },
  "an async function as a future": ({ core }) =>
    core.intoFuture(async () => {
      await core.yieldNow();
      await Promise.resolve();
      return (await core.ready(41)) + 1;
    }),
  "a join handle": ({ core }) => core.spawn(core.ready(42)),
  "the next of a JoinSet": ({ core }) =>
    core.JoinSet.from([core.ready(42)]).joinNext() as Core.Future<number>,
  "a LocalSet that runs": ({ core }) => new core.LocalSet().runUntil(core.ready(42)),
  "a promise as a future": ({ core }) => core.fromPromise(Promise.resolve(42)),
  "a select": ({ core, macros }) => macros.select([[core.ready(41), (value: number) => value + 1]]),
  "a join": ({ core, macros }) =>
    (function* (): Core.Async<number> {
      const [a, b] = yield* macros.join(core.ready(40), core.ready(2));
      return a + b;
    })(),
  "a timeout": ({ core, time }) => time.timeout(1000, core.ready(42)),
  "a sleep": ({ time }) =>
    (function* (): Core.Async<number> {
      yield* time.sleep(10);
      return 42;
    })(),
  "a lock": ({ sync }) =>
    (function* (): Core.Async<number> {
      using guard = yield* new sync.Mutex(42).lock();
      return guard.value;
    })(),
  "a channel": ({ sync }) =>
    (function* (): Core.Async<number> {
      const { tx, rx } = sync.mpsc.channel<number>(1);
      yield* tx.send(42);
      return (yield* rx.recv()) ?? 0;
    })(),
  "a read": ({ io }) => io.cursor(Uint8Array.of(42)).readU8(),
};

type Run = (by: Copy, body: Core.IntoFuture<number>) => Core.IntoFuture<number>;

/** What takes computations. Each gives what the computation gave. */
const TAKEN: Readonly<Record<string, Run>> = {
  "yield*": ({ core }, body) =>
    (function* (): Core.Async<number> {
      return yield* core.intoFuture(body);
    })(),
  await:
    ({ core }, body) =>
    async () =>
      core.intoFuture(body),
  spawn: ({ core }, body) => core.spawn(body),
  "Handle.spawn": ({ core }, body) => core.Handle.current().spawn(body),
  "TaskBuilder.spawn": ({ core }, body) => new core.TaskBuilder().name("named").spawn(body),
  "TaskBuilder.spawnOn": ({ core }, body) => new core.TaskBuilder().spawnOn(body, core.Handle.current()),
  "JoinSet.spawn": ({ core }, body) => {
    const set = new core.JoinSet<number>();
    set.spawn(body);
    return set.joinNext() as Core.Future<number>;
  },
  "JoinSet.spawnOn": ({ core }, body) => {
    const set = new core.JoinSet<number>();
    set.spawnOn(body, core.Handle.current());
    return set.joinNext() as Core.Future<number>;
  },
  "JoinSet.buildTask": ({ core }, body) => {
    const set = new core.JoinSet<number>();
    set.buildTask().name("named").spawn(body);
    return set.joinNext() as Core.Future<number>;
  },
  "LocalSet.spawnLocal": ({ core }, body) => {
    const set = new core.LocalSet();
    return set.runUntil(set.spawnLocal(body));
  },
  "LocalSet.runUntil": ({ core }, body) => new core.LocalSet().runUntil(body),
  "TaskLocal.scope": ({ core }, body) => new core.TaskLocal<number>().scope(1, body),
  withSignal: ({ core }, body) => core.withSignal(new AbortController().signal, body),
  unconstrained: ({ core }, body) => core.unconstrained(body),
  cooperative: ({ core }, body) => core.cooperative(body),
  "select of a record": ({ core, macros }, body) =>
    (function* (): Core.Async<number> {
      return (yield* macros.select({ body, never: core.pending() })).value;
    })(),
  "select of a list": ({ core, macros }, body) =>
    macros.select([
      [body, (value: number) => value],
      [core.pending(), (value: number) => value],
    ]),
  branch: ({ core, macros }, body) =>
    macros.select([macros.branch(body as Core.Future<number>), macros.branch(core.pending())]),
  byRef: ({ core, macros }, body) => macros.byRef(core.intoFuture(body)),
  join: ({ core, macros }, body) =>
    (function* (): Core.Async<number> {
      return (yield* macros.join(body, core.ready(1)))[0];
    })(),
  "join of a record": ({ macros }, body) =>
    (function* (): Core.Async<number> {
      return (yield* macros.join({ body })).body;
    })(),
  tryJoin: ({ macros }, body) =>
    (function* (): Core.Async<number> {
      return (yield* macros.tryJoin(body))[0];
    })(),
  timeout: ({ time }, body) => time.timeout(1000, body),
  timeoutAt: ({ time }, body) => time.timeoutAt(time.Instant.now().add(1000), body),
};

describe.each([
  ["the first copy takes what the second has made", first, second],
  ["the second copy takes what the first has made", second, first],
])("%s", (_, taker, maker) => {
  describe.each(Object.entries(TAKEN))("%s", (_name, take) => {
    it.each(Object.entries(MADE))("%s", async (_what, make) => {
      const runtime = runtimeOf(taker);
      const given = await runtime.blockOn(async () => {
        // Some are to be made by whom they are for.
        return taker.core.intoFuture(take(taker, make(maker)));
      });
      expect(given).toBe(42);
    });
  });

  it.each(Object.entries(MADE))("blockOn: %s", async (_what, make) => {
    const runtime = runtimeOf(taker);
    const leave = runtime.enter();
    const body = make(maker);
    leave.dispose();
    expect(await runtime.blockOn(body)).toBe(42);
  });

  it("fromPromise gives a future back as it is", () => {
    const future = maker.core.ready(1);
    expect(taker.core.fromPromise(future)).toBe(future);
  });

  it("select takes branches, with their conditions", async () => {
    const { branch } = maker.macros;
    const { pending, ready } = maker.core;
    const runtime = runtimeOf(taker);
    const seen = await runtime.blockOn(
      taker.macros.select({
        off: branch(ready("off"), { when: false }),
        unmatched: branch(ready("unmatched"), { match: () => false }),
        good: branch(ready("good"), { run: (text) => text.toUpperCase() }),
        never: pending(),
      }),
    );
    expect(seen).toEqual({ branch: "good", value: "GOOD" });
  });

  it("an async function is dropped with its task, which waits for its cleanup", async () => {
    const log: string[] = [];
    const runtime = runtimeOf(taker);
    const body = maker.core.intoFuture(async () => {
      try {
        await maker.core.pending();
      } finally {
        log.push("closing");
        await maker.core.yieldNow();
        log.push("closed");
      }
    });
    const seen = await runtime.blockOn(async () => {
      const handle = taker.core.spawn(body);
      await taker.core.yieldNow();
      handle.abort();
      return handle.then(null, (error: unknown) => [(error as Core.JoinError).isCancelled(), log.join(" ")]);
    });
    expect(seen).toEqual([true, "closing closed"]);
  });

  it("a Cancelled of the other's is a cancellation", async () => {
    const runtime = runtimeOf(taker);
    const seen = await runtime.blockOn(async () => {
      const handle = taker.core.spawn(async () => {
        try {
          await taker.core.pending();
        } catch {
          throw new maker.core.Cancelled();
        }
      });
      await taker.core.yieldNow();
      handle.abort();
      return handle.then(null, (error: unknown) => (error as Partial<Core.JoinError>).isCancelled?.());
    });
    expect(seen).toBe(true);
  });

  it("a signal belongs to the computation that is running, whoever asks for it", async () => {
    const runtime = runtimeOf(taker);
    const same = await runtime.blockOn(
      maker.core.intoFuture(async () => {
        await taker.core.yieldNow();
        return taker.core.signal() === maker.core.signal();
      }),
    );
    expect(same).toBe(true);
  });

  it("a task-local is seen through the other's tasks and awaits", async () => {
    const local = new maker.core.TaskLocal<number>("n");
    const runtime = runtimeOf(taker);
    const seen = await runtime.blockOn(
      taker.macros.join(
        local.scope(1, async () => {
          await taker.core.yieldNow();
          return local.get();
        }),
        local.scope(
          2,
          taker.time.timeout(
            10,
            taker.core.intoFuture(async () => local.get()),
          ),
        ),
      ),
    );
    expect(seen).toEqual([1, 2]);
  });

  it("a driver is put on top of one that was added while it was made", () => {
    const runtime = runtimeOf(taker);
    class Layer extends maker.driver.LayeredDriver {
      get below(): unknown {
        return this.inner;
      }
    }
    let below: unknown;
    const made = runtime.handle().driver({
      name: "layer",
      install: (inner, handle) => {
        below = handle.driver(taker.time.timeKey);
        return new Layer(inner);
      },
    });
    expect(made.below).toBe(below);
  });

  it("the paused clock is the same, once the runtime is paused by either", async () => {
    const runtime = taker.core.Builder.currentThread().build();
    onTestFinished(() => runtime.shutdownBackground());
    const seen = await runtime.blockOn(async () => {
      taker.time.pause();
      const start = taker.time.Instant.now();
      await maker.time.advance(500);
      await maker.time.sleepUntil(start.add(600));
      return [
        maker.time.Instant.now().durationSince(start),
        taker.time.Instant.now().durationSince(maker.time.Instant.now()),
      ];
    });
    expect(seen).toEqual([600, 0]);
  });

  it("a builder and an RngSeed are taken", async () => {
    const runtime = taker.core.Builder.currentThread()
      .rngSeed(maker.core.RngSeed.fromNumber(1))
      .metricsPollTimeHistogramConfiguration(maker.core.HistogramConfiguration.linear(1, 2))
      .build();
    runtime.shutdownBackground();
    let name: string | undefined;
    await taker.macros.main(
      { builder: maker.core.Builder.currentThread().name("other's"), meta: { main: true } },
      async () => {
        name = taker.core.Handle.current().name();
      },
    );
    expect(name).toBe("other's");
  });

  it("an IoError is given back as it is", () => {
    const { IoError, LimitError } = maker.io;
    const error = new IoError("NotFound", "gone");
    expect(taker.io.IoError.from(error)).toBe(error);
    const limit = new LimitError(1);
    expect(taker.io.IoError.from(limit)).toBe(limit);
  });

  it("readers, writers and streams are given back as they are", () => {
    const { io } = taker;
    const [stream] = maker.io.duplex(1);
    const input = new maker.io.BufReader(maker.io.empty());
    const output = maker.io.sink();
    expect(io.reader(input)).toBe(input);
    expect(io.writer(output)).toBe(output);
    expect(io.readWriter(stream)).toBe(stream);
    expect(io.writer(maker.io.cursor())).toBeInstanceOf(maker.io.Cursor);
  });

  it("readers and writers are copied into each other", async () => {
    const runtime = runtimeOf(taker);
    const to = taker.io.cursor();
    const [a, b] = maker.io.duplex(4);
    await runtime.blockOn(function* (): Core.Async<void> {
      const copy = taker.core.spawn(taker.io.copy(b, to));
      yield* a.writeAll("through the pipe");
      yield* a.shutdown();
      yield* copy;
    });
    expect(new TextDecoder().decode(to.intoInner())).toBe("through the pipe");
  });

  it("addresses, interests and streams of the other's are taken", async () => {
    const runtime = taker.core.Builder.currentThread().build();
    onTestFinished(() => runtime.shutdownBackground());
    const seen = await runtime.blockOn(async () => {
      const socket = taker.net.TcpSocket.newV4();
      socket.bind(maker.net.SocketAddr.parse("127.0.0.1:0"));
      using listener = await socket.listen(1);
      using client = await maker.net.TcpStream.connect(listener.localAddr());
      const [accepted] = await listener.accept();
      using server = accepted;
      await server.writeAll("hi");
      const ready = await client.ready(taker.net.Interest.READABLE);
      const text = new TextDecoder().decode(await taker.io.reader(client).readExact(2));
      using udp = await taker.net.UdpSocket.bind(maker.net.SocketAddr.parse("127.0.0.1:0"));
      const sent = await udp.sendTo(Uint8Array.of(1), maker.net.SocketAddr.parse(String(udp.localAddr())));
      return [ready.isReadable(), text, sent];
    });
    expect(seen).toEqual([true, "hi", 1]);
  });

  it("a Unix socket is named by an address of the other's", async () => {
    const runtime = taker.core.Builder.currentThread().build();
    onTestFinished(() => runtime.shutdownBackground());
    const name = `rt-two-copies-${process.pid}-${taker === first ? 1 : 2}`;
    const found = await runtime.blockOn(async () => {
      using listener = await taker.net.UnixListener.bind(maker.net.UnixSocketAddr.fromAbstractName(name));
      return listener.localAddr().asAbstractName();
    });
    expect(found).toBe(name);
  });

  it("a child gets the output of a child of the other's", async () => {
    const runtime = taker.core.Builder.currentThread().build();
    onTestFinished(() => runtime.shutdownBackground());
    const out = await runtime.blockOn(async () => {
      const { Stdio } = maker.process;
      const echo = new maker.process.Command("echo").arg("hello").stdout(Stdio.piped()).spawn();
      const tr = new taker.process.Command("tr").args(["a-z", "A-Z"]);
      const output = await tr.stdin(taker.process.Stdio.from(echo.stdout as Process.ChildStdout)).output();
      await echo.wait();
      const quiet = await new taker.process.Command("echo").arg("x").stdout(Stdio.null()).status();
      return [new TextDecoder().decode(output.stdout), quiet.success()];
    });
    expect(out).toEqual(["HELLO\n", true]);
  });

  it("a signal is listened to by a kind of the other's", async () => {
    const runtime = taker.core.Builder.currentThread().build();
    onTestFinished(() => runtime.shutdownBackground());
    await runtime.blockOn(async () => {
      using hangups = taker.signal.signal(maker.signal.SignalKind.hangup());
      process.kill(process.pid, "SIGHUP");
      await hangups.recv();
    });
  });
});
