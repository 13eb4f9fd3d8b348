/** Leaves guards and permits to garbage collection, beside others that were released or never granted. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Mutex, RwLock, Semaphore } from "@rt/sync";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

const mutex = new Mutex(0);
const released = new Mutex(0);
const lock = new RwLock({ part: 1 });
const semaphore = new Semaphore(6);

async function leave(): Promise<void> {
  await mutex.lock();
  (await lock.write()).map((value) => value.part);
  const permit = await semaphore.acquireMany(3);
  permit.merge(await semaphore.acquire());
  permit.split(1)?.release();
  (await semaphore.acquire()).forget();
  (await released.lock()).release();
  released.lock(); // never polled, so never granted
}

await leave();
for (let i = 0; i < 20; i += 1) {
  await new Promise((resolve) => setTimeout(resolve, 5));
  collect();
}
await new Promise((resolve) => setTimeout(resolve, 5));
console.log(mutex.tryLock() !== null, lock.tryWrite() !== null, semaphore.availablePermits());
