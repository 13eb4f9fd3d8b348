/** Time-outs of `@rt/time` around what `@rt/sync` waits for: the two packages know nothing of each other. */
import { Builder, type Async, type IntoFuture } from "@rt/core";
import { select } from "@rt/macros";
import { mpsc, Mutex, Notify, Semaphore } from "@rt/sync";
import { Elapsed, Instant, sleep, timeout } from "@rt/time";
import { describe, expect, it } from "vitest";

async function paused<T>(body: IntoFuture<T>): Promise<T> {
  await using runtime = Builder.currentThread().startPaused(true).build();
  return await runtime.blockOn(body);
}

function* sendLate(): Async<unknown[]> {
  yield* sleep(0); // the first timer installs the time driver
  const { tx, rx } = mpsc.channel<number>(1);
  yield* tx.send(1);
  const start = Instant.now();
  try {
    yield* tx.sendTimeout(2, 60_000);
    return ["sent"];
  } catch (error) {
    return [(error as mpsc.SendTimeoutError<number>).value, start.elapsed(), yield* rx.recv(), rx.len()];
  }
}

describe("mpsc.Sender.sendTimeout beside @rt/time", () => {
  it("follows the paused clock, and hands the value back", async () => {
    expect(await paused(sendLate())).toEqual([2, 60_000, 1, 0]);
  });
});

const waits: readonly (readonly [string, () => { wait: IntoFuture<unknown>; left: () => unknown }])[] = [
  [
    "a recv",
    () => {
      const { tx, rx } = mpsc.channel<string>(1);
      return {
        wait: rx.recv(),
        left: () => {
          tx.trySend("kept");
          return rx.tryRecv();
        },
      };
    },
  ],
  [
    "an acquire",
    () => {
      const semaphore = new Semaphore(1);
      return {
        wait: semaphore.acquireMany(2),
        left: () => (semaphore.availablePermits() === 1 ? "kept" : "lost"),
      };
    },
  ],
  [
    "a lock",
    () => {
      const mutex = new Mutex("kept");
      const guard = mutex.tryLock();
      return {
        wait: mutex.lock(),
        left: () => {
          guard?.release();
          return mutex.tryLock()?.value;
        },
      };
    },
  ],
  [
    "a notified",
    () => {
      const notify = new Notify();
      return {
        wait: notify.notified(),
        left: () => {
          notify.notifyOne();
          return notify.notified().enable() ? "kept" : "lost";
        },
      };
    },
  ],
];

function* timedOut(wait: IntoFuture<unknown>): Async<boolean> {
  try {
    yield* timeout(10, wait);
    return false;
  } catch (error) {
    return error instanceof Elapsed;
  }
}

async function timedOutAsync(wait: IntoFuture<unknown>): Promise<boolean> {
  try {
    await timeout(10, wait);
    return false;
  } catch (error) {
    return error instanceof Elapsed;
  }
}

describe.each(waits)("timeout around %s", (_name, make) => {
  it("loses nothing, in the generator lane", async () => {
    const { wait, left } = make();
    expect([await paused(timedOut(wait)), left()]).toEqual([true, "kept"]);
  });

  it("loses nothing, in the async lane", async () => {
    const { wait, left } = make();
    expect([await paused(() => timedOutAsync(wait)), left()]).toEqual([true, "kept"]);
  });
});

function* raceSleep(): Async<string[]> {
  const { tx, rx } = mpsc.unboundedChannel<string>();
  const log: string[] = [];
  for (let round = 0; round < 3; round += 1) {
    if (round === 1) tx.send("hello");
    const event = yield* select({ message: rx.recv(), late: sleep(1_000) });
    log.push(event.branch);
  }
  return log;
}

describe("select of a channel and a sleep", () => {
  it("gives whichever comes first, and drops the other", async () => {
    expect(await paused(raceSleep())).toEqual(["late", "message", "late"]);
  });
});
