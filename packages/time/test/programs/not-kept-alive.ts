/** Timers are pending, in the way that the argument names, that are not to keep the process alive. */
import { Builder, intoFuture, pending, ready, spawn, yieldNow, type Async } from "@rt/core";
import { interval, sleep, timeout } from "@rt/time";

function* ticks(): Async<void> {
  const every = interval(60_000);
  for (;;) yield* every.tick();
}

const kinds: Record<string, () => Promise<void> | void> = {
  background: () => void spawn(ticks()).unref(),
  "background-async": () => void spawn(async () => await timeout(60_000, pending())).unref(),
  "late-background": async () => {
    const tasks = [spawn(ticks()), spawn(async () => await sleep(60_000)), spawn(sleep(60_000))];
    await sleep(2);
    for (const task of tasks) task.unref();
  },
  "background-cleanup": async () => {
    const task = spawn(async () => {
      try {
        await pending();
      } finally {
        await sleep(60_000);
      }
    }).unref();
    await yieldNow();
    task.abort();
    await yieldNow();
  },
  "timeout-over": async () => {
    await timeout(60_000, sleep(1));
    await timeout(60_000, ready(1));
    await timeout(60_000, new Promise((resolve) => setTimeout(resolve, 1)));
    await spawn(async () => await timeout(60_000, new Promise((resolve) => setTimeout(resolve, 1))));
  },
  dropped: async () => {
    const future = intoFuture(sleep(60_000));
    future.poll({ waker: { wake() {} } });
    await sleep(1);
    future.drop();
  },
  "dropped-beside": async () => {
    spawn(sleep(60_000)).unref();
    const future = intoFuture(sleep(50_000));
    future.poll({ waker: { wake() {} } });
    await sleep(1);
    await new Promise((resolve) => setTimeout(resolve, 1));
    future.drop();
  },
  built: async () => {
    const runtime = Builder.currentThread().build();
    runtime.spawn(ticks());
    await runtime.blockOn(sleep(1));
  },
};

const begin = kinds[process.argv[2] ?? ""];
if (begin === undefined) throw new Error(`What is ${process.argv[2]}?`);
await begin();
console.log("end of main");
