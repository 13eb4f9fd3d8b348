import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { Builder, consumeBudget, hasBudgetRemaining, PENDING, spawn, UsageError } from "@rt/core";
import { signal, SignalError, SignalKind } from "@rt/signal";
import { describe, expect, it, vi } from "vitest";
import { cx, deliver, inLane, LANES, program, raise, run, thrownBy } from "./support/signals.ts";

const hangup = () => signal(SignalKind.hangup());

describe("signal", () => {
  it("listens from its creation on, not from the first wait", async () => {
    using listener = hangup();
    await deliver("SIGHUP");
    expect(listener.recv().poll(cx())).toBeUndefined();
  });

  it("does not see what came before", async () => {
    using earlier = hangup();
    await deliver("SIGHUP");
    using listener = hangup();
    expect([listener.recv().poll(cx()), earlier.recv().poll(cx())]).toEqual([PENDING, undefined]);
  });

  it("needs no runtime", async () => {
    using listener = hangup();
    const waiting = (async () => await listener.recv())();
    raise("SIGHUP");
    expect(await waiting).toBeUndefined();
  });

  it.each(["SIGUSR1", "SIGALRM", "SIGIO", "SIGCHLD", "SIGQUIT"] as const)("hears %s", async (name) => {
    using listener = signal(SignalKind.fromName(name));
    await deliver(name);
    expect(listener.recv().poll(cx())).toBeUndefined();
  });

  it.each(["SIGKILL", "SIGSTOP", "SIGILL", "SIGFPE", "SIGSEGV"])("refuses %s", (name) => {
    expect(thrownBy(() => signal(SignalKind.fromName(name)))).toMatchObject({
      name: "SignalError",
      code: "ERR_RT_SIGNAL_FORBIDDEN",
      message: `Cannot listen to ${name}: no process may handle it`,
    });
  });

  it.each([0, -1])("refuses the number %i", (raw) => {
    expect(thrownBy(() => signal(SignalKind.fromRaw(raw)))).toMatchObject({
      code: "ERR_RT_SIGNAL_FORBIDDEN",
    });
  });

  it.each([34, 64])("throws ERR_RT_UNSUPPORTED for the real-time signal %i", (raw) => {
    expect(thrownBy(() => signal(SignalKind.fromRaw(raw)))).toMatchObject({ code: "ERR_RT_UNSUPPORTED" });
  });

  it("throws a TypeError for what is no kind", () => {
    expect(() => signal("SIGINT" as never)).toThrow(
      expect.objectContaining({ name: "TypeError", code: "ERR_RT_INVALID_ARGUMENT" }),
    );
  });

  it("throws a SignalError with Node's code when Node can't listen, each time it is tried", () => {
    const cause = Object.assign(new Error("uv_signal_start EINVAL"), { code: "EINVAL" });
    const on = vi.spyOn(process, "on").mockImplementation(() => {
      throw cause;
    });
    const first = thrownBy(() => signal(SignalKind.fromName("SIGPROF")));
    const second = thrownBy(() => signal(SignalKind.fromName("SIGPROF")));
    on.mockRestore();
    expect(first).toBeInstanceOf(SignalError);
    expect([first, second]).toMatchObject([
      { code: "EINVAL", cause },
      { code: "EINVAL", cause },
    ]);
  });

  it("puts one listener on the process, however often it is called", () => {
    const before = hangup();
    const count = process.listenerCount("SIGHUP");
    const more = Array.from({ length: 20 }, hangup);
    expect(process.listenerCount("SIGHUP")).toBe(count);
    for (const listener of [before, ...more]) listener[Symbol.dispose]();
  });

  it("makes the earlier listeners hear again as well, after somebody took them all off the process", async () => {
    using first = hangup();
    process.removeAllListeners("SIGHUP");
    using second = hangup();
    await deliver("SIGHUP");
    expect([first.recv().poll(cx()), second.recv().poll(cx())]).toEqual([undefined, undefined]);
  });

  it("throws ERR_RT_UNSUPPORTED in a worker thread", async () => {
    const worker = new Worker(
      `import("@rt/signal").then(({ signal, SignalKind }) => {
        try { signal(SignalKind.hangup()); } catch (error) { require("node:worker_threads").parentPort.postMessage(error.code); }
      })`,
      { eval: true },
    );
    const [code] = await once(worker, "message");
    await worker.terminate();
    expect(code).toBe("ERR_RT_UNSUPPORTED");
  });

  it("keeps the default action replaced when no listener is left", async () => {
    const { out, end } = await program(`
      signal(SignalKind.terminate())[Symbol.dispose]();
      process.once("SIGWINCH", () => console.log("still here"));
      raise("SIGTERM");
      raise("SIGWINCH");
      await new Promise((resolve) => setTimeout(resolve, 20));
    `);
    expect([out, end]).toEqual(["still here\n", 0]);
  });

  it("keeps no process alive once its waits were given up, and leaves one listener on it", async () => {
    const { out, end } = await program(`
      const listener = signal(SignalKind.terminate());
      for (const wait of [() => listener.recv(), ctrlC, () => listener.recv()]) {
        await run(async () => {
          const task = spawn(wait());
          await new Promise((resolve) => setImmediate(resolve));
          task.abort();
          await task.then(() => {}, () => {});
        });
      }
      console.log(process.listenerCount("SIGTERM"), process.listenerCount("SIGINT"));
      // A blockOn that goes on does not do so for a signal that nobody waits for.
      run(async () => new Promise(() => {})).then(() => {}, () => {});
      later(() => console.log("too long"), 2000);
    `);
    expect([out.split("\n")[0], out.includes("too long")]).toEqual(["1 1", false]);
    expect(end).not.toBeNull();
  });

  it("does not keep the process alive by itself", async () => {
    const { out, end } = await program(`
      const listener = signal(SignalKind.terminate());
      later(() => console.log("too long"), 2000);
    `);
    expect([out, end]).toEqual(["", 0]);
  });
});

describe("Signal.recv", () => {
  it.each(LANES)("waits for a signal in the %s lane", async (lane) => {
    using listener = hangup();
    expect(
      await inLane(
        lane,
        () => listener.recv(),
        () => raise("SIGHUP"),
      ),
    ).toBeUndefined();
  });

  it.each(LANES)("waits for the same signal again in the %s lane", async (lane) => {
    using listener = hangup();
    await inLane(
      lane,
      () => listener.recv(),
      () => raise("SIGHUP"),
    );
    expect(
      await inLane(
        lane,
        () => listener.recv(),
        () => raise("SIGHUP"),
      ),
    ).toBeUndefined();
  });

  it("merges several deliveries before a look into one", async () => {
    using listener = hangup();
    await deliver("SIGHUP", "SIGHUP", "SIGHUP");
    expect([listener.recv().poll(cx()), listener.recv().poll(cx())]).toEqual([undefined, PENDING]);
  });

  it("always sees one that is delivered after a look", async () => {
    using listener = hangup();
    await deliver("SIGHUP");
    listener.recv().poll(cx());
    await deliver("SIGHUP");
    expect(listener.recv().poll(cx())).toBeUndefined();
  });

  it("does not end for a signal of another kind", async () => {
    using listener = hangup();
    using other = signal(SignalKind.userDefined2());
    await deliver("SIGUSR2");
    expect([listener.recv().poll(cx()), other.recv().poll(cx())]).toEqual([PENDING, undefined]);
  });

  it("wakes the waker of the last poll only", async () => {
    using listener = hangup();
    const wait = listener.recv();
    const [first, last] = [cx(), cx()];
    wait.poll(first);
    wait.poll(last);
    await deliver("SIGHUP");
    expect([first.count, last.count]).toEqual([0, 1]);
    wait.drop();
  });

  it("gives a signal to every listener", async () => {
    using first = hangup();
    using second = hangup();
    const got = run(async () => {
      const tasks = [first, second].map((listener) => spawn(listener.recv()));
      for (const task of tasks) await task;
      return tasks.length;
    });
    setImmediate(() => raise("SIGHUP"));
    expect(await got).toBe(2);
  });

  it("gives a signal to one of several waits of one listener", async () => {
    using listener = hangup();
    const [a, b] = [listener.recv(), listener.recv()];
    a.poll(cx());
    b.poll(cx());
    await deliver("SIGHUP");
    expect([b.poll(cx()), a.poll(cx())]).toEqual([undefined, PENDING]);
    a.drop();
  });

  it("wakes the wait that lost one signal to another wait for the next one", async () => {
    using listener = hangup();
    const [a, b] = [listener.recv(), listener.recv()];
    a.poll(cx());
    b.poll(cx());
    await deliver("SIGHUP");
    b.poll(cx());
    const waker = cx();
    a.poll(waker);
    await deliver("SIGHUP");
    expect([waker.count, a.poll(cx())]).toEqual([1, undefined]);
  });

  it("does nothing until it is first polled", async () => {
    using listener = hangup();
    const wait = listener.recv();
    await deliver("SIGHUP");
    listener.recv().poll(cx());
    expect(wait.poll(cx())).toBe(PENDING);
    wait.drop();
  });

  it.each(["before the signal", "after the signal"])("loses nothing when it is dropped %s", async (when) => {
    using listener = hangup();
    const wait = listener.recv();
    const waker = cx();
    wait.poll(waker);
    if (when === "before the signal") wait.drop();
    await deliver("SIGHUP");
    wait.drop();
    wait.drop();
    expect([waker.count, listener.recv().poll(cx())]).toEqual([
      when === "before the signal" ? 0 : 1,
      undefined,
    ]);
  });

  it("costs one unit of the budget", async () => {
    using listener = hangup();
    await deliver("SIGHUP");
    const left = await run(function* () {
      for (let i = 0; i < 127; i += 1) yield* consumeBudget();
      const before = hasBudgetRemaining();
      yield* listener.recv();
      return [before, hasBudgetRemaining()];
    });
    expect(left).toEqual([true, false]);
  });

  it("says what it waits for", () => {
    using listener = hangup();
    expect(listener.recv().describe()).toBe("SIGHUP");
  });

  it("does not end the process while a blockOn waits", async () => {
    const { out, end } = await program(`
      const listener = signal(SignalKind.terminate());
      later(() => raise("SIGTERM"));
      await run(function* () { yield* listener.recv(); });
      console.log("got it");
    `);
    expect([out, end]).toEqual(["got it\n", 0]);
  });

  it("is no deadlock for other tasks that wait for each other", async () => {
    const { out } = await program(`
      const listener = signal(SignalKind.terminate());
      later(() => raise("SIGTERM"));
      await run(async () => { const task = spawn(() => listener.recv()); await task; console.log("got it"); });
    `);
    expect(out).toBe("got it\n");
  });

  it("lets the process end when the blockOn beside it is over", async () => {
    const { out, end } = await program(`
      await run(async () => { spawn(signal(SignalKind.terminate()).recv()); });
      later(() => console.log("too long"), 2000);
    `);
    expect([out, end]).toEqual(["", 0]);
  });

  it("lets the process end when it is dropped", async () => {
    const { err } = await program(`
      const listener = signal(SignalKind.terminate());
      later(() => console.log("too long"), 2000);
      await run(async () => {
        const task = spawn(listener.recv());
        await new Promise((resolve) => setImmediate(resolve));
        task.abort();
        await new Promise(() => {});
      });
    `);
    expect(err).toContain("DeadlockError");
  });

  it("lets the process end when its runtime has shut down", async () => {
    const { out, end } = await program(`
      const body = run(signal(SignalKind.terminate()).recv()).catch((error) => console.log(error.name));
      setImmediate(() => runtime.shutdownBackground());
      await body;
      later(() => console.log("too long"), 2000);
    `);
    expect([out, end]).toEqual(["JoinError\n", 0]);
  });
});

describe("Signal.pollRecv", () => {
  it("is pending until a signal comes, and after it was seen", async () => {
    using listener = hangup();
    const waker = cx();
    const before = listener.pollRecv(waker);
    await deliver("SIGHUP");
    expect([before, waker.count, listener.pollRecv(cx()), listener.pollRecv(cx())]).toEqual([
      PENDING,
      1,
      undefined,
      PENDING,
    ]);
  });
});

describe("Signal[Symbol.asyncIterator]", () => {
  it("goes from signal to signal", async () => {
    using listener = hangup();
    let seen = 0;
    raise("SIGHUP");
    for await (const _ of listener) {
      seen += 1;
      if (seen === 3) break;
      raise("SIGHUP");
    }
    expect(seen).toBe(3);
  });

  it("gives up its wait at return(), and leaves the next signal to the listener", async () => {
    using listener = hangup();
    const iterator = listener[Symbol.asyncIterator]();
    const next = iterator.next();
    const returned = iterator.return();
    await deliver("SIGHUP");
    expect([await returned, await next, listener.recv().poll(cx())]).toEqual([
      { done: true, value: undefined },
      { done: true, value: undefined },
      undefined,
    ]);
  });
});

describe("Signal[Symbol.dispose]", () => {
  it("may be called twice", () => {
    const listener = hangup();
    listener[Symbol.dispose]();
    expect(() => listener[Symbol.dispose]()).not.toThrow();
  });

  it.each(["recv", "pollRecv"] as const)("makes %s throw ERR_RT_DISPOSED", (method) => {
    const listener = hangup();
    listener[Symbol.dispose]();
    const error = thrownBy(() => listener[method](cx()));
    expect(error).toBeInstanceOf(UsageError);
    expect(error).toMatchObject({ code: "ERR_RT_DISPOSED" });
  });

  it("leaves a wait that is under way", async () => {
    const listener = hangup();
    const wait = listener.recv();
    wait.poll(cx());
    listener[Symbol.dispose]();
    await deliver("SIGHUP");
    expect(wait.poll(cx())).toBeUndefined();
  });

  it("does not stop other listeners of the kind", async () => {
    using other = hangup();
    hangup()[Symbol.dispose]();
    await deliver("SIGHUP");
    expect(other.recv().poll(cx())).toBeUndefined();
  });

  it("lets a new listener take its place", async () => {
    hangup()[Symbol.dispose]();
    using next = hangup();
    await deliver("SIGHUP");
    expect(next.recv().poll(cx())).toBeUndefined();
  });
});

describe("signals in several runtimes", () => {
  it("reach every one of them", async () => {
    const runtimes = Array.from({ length: 3 }, () => Builder.currentThread().build());
    const waits = runtimes.map((runtime) => runtime.blockOn(hangup().recv()));
    setImmediate(() => raise("SIGHUP"));
    expect(await Promise.all(waits)).toEqual([undefined, undefined, undefined]);
    for (const runtime of runtimes) runtime.shutdownBackground();
  });

  it("reach the others when one is dropped while it waits", async () => {
    const [gone, left] = [Builder.currentThread().build(), Builder.currentThread().build()];
    void gone.spawn(hangup().recv()).then(undefined, () => {});
    const wait = left.blockOn(hangup().recv());
    setImmediate(() => {
      gone.shutdownBackground();
      raise("SIGHUP");
    });
    expect(await wait).toBeUndefined();
    left.shutdownBackground();
  });

  it("go on working while runtimes come and go", async () => {
    for (let i = 0; i < 200; i += 1) {
      const runtime = Builder.currentThread().build();
      runtime.spawn(hangup().recv()).drop();
      runtime.shutdownBackground();
    }
    using listener = hangup();
    expect(
      await inLane(
        "generator",
        () => listener.recv(),
        () => raise("SIGHUP"),
      ),
    ).toBeUndefined();
  });

  it("reach a listener that was made in another one", async () => {
    using listener = await run(async () => ({ listener: hangup() })).then((made) => made.listener);
    expect(
      await inLane(
        "async",
        () => listener.recv(),
        () => raise("SIGHUP"),
      ),
    ).toBeUndefined();
  });
});
