/** Keeps the process alive in the way that the argument names, for a moment. */
import { Builder, pending, spawn, yieldNow } from "@rt/core";
import { wakeAfter } from "@rt/core/driver";
import { Elapsed, interval, sleep, timeout } from "@rt/time";

const say = (text: string): void => console.log(text);

async function sleeps(): Promise<void> {
  await sleep(30);
  say("slept");
}

const kinds: Record<string, () => unknown> = {
  spawned: () => spawn(sleeps),
  chain: () => sleep(30).then(() => say("slept")),
  timeout: () =>
    timeout(30, pending()).then(null, (error: unknown) => say(error instanceof Elapsed ? "elapsed" : "?")),
  interval: () =>
    spawn(async () => {
      const every = interval(10);
      for (let i = 0; i < 3; i += 1) await every.tick();
      say("ticked 3 times");
    }),
  "wake-after": () => wakeAfter(30, { wake: () => say("woken") }),
  "left-behind": () => {
    const runtime = Builder.currentThread().build();
    return runtime.spawn(async () => {
      void sleeps();
      await yieldNow();
    });
  },
  ref: async () => {
    const task = spawn(sleeps).unref();
    await yieldNow();
    task.ref();
  },
  "beside-background": () => {
    spawn(sleep(10)).unref();
    setTimeout(() => void spawn(sleeps), 2);
  },
  background: () => {
    spawn(async () => {
      await sleep(10);
      say("background");
    }).unref();
    spawn(sleeps);
  },
};

const kind = process.argv[2] ?? "";
if (kind === "top-level") await sleeps();
else if (kind === "other-runtime") await Builder.currentThread().build().spawn(sleeps);
else {
  const begin = kinds[kind];
  if (begin === undefined) throw new Error(`What is ${kind}?`);
  void begin();
  say("end of main");
}
