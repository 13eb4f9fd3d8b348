/** Our async lane: `async` functions on one current-thread runtime, the driving body too. */

import { Builder, type JoinHandle, spawn, yieldNow } from "@rt/core";
import { broadcast, mpsc, Mutex, Notify, oneshot, RwLock, Semaphore, watch } from "@rt/sync";
import type { Contestant } from "../../harness/case.ts";
import { assertTotal, batches, sumBelow } from "../../shared/batches.ts";
import { assertJobs, INDICES, job } from "../job.ts";
import {
  BROADCAST_CAPACITY,
  CONCURRENCY,
  CONTENDERS,
  HOLDS,
  JOBS,
  MESSAGES,
  PERMITS,
  PRODUCERS,
  ROUNDS,
  SUBSCRIBERS,
  WAITERS,
  WAKES,
  WATCHERS,
  WRITERS,
} from "../sizes.ts";

const runtime = Builder.currentThread().build();

async function joinAll(handles: readonly JoinHandle<void>[]): Promise<void> {
  for (const handle of handles) await handle;
}

async function produce(tx: mpsc.Sender<number>, count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) await tx.send(i);
  tx[Symbol.dispose]();
}

async function consume(rx: mpsc.Receiver<number>): Promise<number> {
  let sum = 0;
  for (let value: number | undefined; (value = await rx.recv()) !== undefined; ) sum += value;
  return sum;
}

async function bounded(ops: number, capacity: number, producers: number): Promise<void> {
  const each = MESSAGES / producers;
  for (let batch = batches(ops, MESSAGES); batch > 0; batch -= 1) {
    const { tx, rx } = mpsc.channel<number>(capacity);
    for (let i = 0; i < producers; i += 1) {
      const own = tx.clone(); // here, not when the task starts: until then the channel would be closed
      spawn(() => produce(own, each));
    }
    tx[Symbol.dispose]();
    assertTotal(await spawn(() => consume(rx)), producers * sumBelow(each));
  }
}

async function produceAtOnce(tx: mpsc.UnboundedSender<number>, count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) tx.send(i);
  tx[Symbol.dispose]();
}

async function consumeUnbounded(rx: mpsc.UnboundedReceiver<number>): Promise<number> {
  let sum = 0;
  for (let value: number | undefined; (value = await rx.recv()) !== undefined; ) sum += value;
  return sum;
}

async function unbounded(ops: number, producers: number): Promise<void> {
  const each = MESSAGES / producers;
  for (let batch = batches(ops, MESSAGES); batch > 0; batch -= 1) {
    const { tx, rx } = mpsc.unboundedChannel<number>();
    for (let i = 0; i < producers; i += 1) {
      const own = tx.clone();
      spawn(() => produceAtOnce(own, each));
    }
    tx[Symbol.dispose]();
    assertTotal(await spawn(() => consumeUnbounded(rx)), producers * sumBelow(each));
  }
}

async function oneshotSameTask(ops: number): Promise<void> {
  let sum = 0;
  for (let i = 0; i < ops; i += 1) {
    const { tx, rx } = oneshot.channel<number>();
    tx.send(i);
    sum += await rx;
  }
  assertTotal(sum, sumBelow(ops));
}

interface Ends {
  readonly tx: oneshot.Sender<number>;
  readonly rx: oneshot.Receiver<number>;
}

function pairs(): readonly Ends[] {
  return Array.from({ length: ROUNDS }, () => oneshot.channel<number>());
}

async function ask(pings: readonly Ends[], pongs: readonly Ends[]): Promise<number> {
  let sum = 0;
  for (let i = 0; i < ROUNDS; i += 1) {
    pings[i]!.tx.send(i);
    sum += await pongs[i]!.rx;
  }
  return sum;
}

async function answer(pings: readonly Ends[], pongs: readonly Ends[]): Promise<void> {
  for (let i = 0; i < ROUNDS; i += 1) pongs[i]!.tx.send(await pings[i]!.rx);
}

async function oneshotAcrossTasks(ops: number): Promise<void> {
  for (let batch = batches(ops, 2 * ROUNDS); batch > 0; batch -= 1) {
    const pings = pairs();
    const pongs = pairs();
    spawn(() => answer(pings, pongs));
    assertTotal(await spawn(() => ask(pings, pongs)), sumBelow(ROUNDS));
  }
}

interface Request {
  readonly value: number;
  readonly reply: oneshot.Sender<number>;
}

async function serve(rx: mpsc.Receiver<Request>): Promise<void> {
  for (let request: Request | undefined; (request = await rx.recv()) !== undefined; )
    request.reply.send(request.value);
}

async function call(tx: mpsc.Sender<Request>): Promise<number> {
  let sum = 0;
  for (let i = 0; i < ROUNDS; i += 1) {
    const reply = oneshot.channel<number>();
    await tx.send({ value: i, reply: reply.tx });
    sum += await reply.rx;
  }
  tx[Symbol.dispose]();
  return sum;
}

async function requestReply(ops: number): Promise<void> {
  for (let batch = batches(ops, ROUNDS); batch > 0; batch -= 1) {
    const { tx, rx } = mpsc.channel<Request>(128);
    spawn(() => serve(rx));
    assertTotal(await spawn(() => call(tx)), sumBelow(ROUNDS));
  }
}

async function listen(rx: broadcast.Receiver<number>): Promise<void> {
  let sum = 0;
  for (let value: number | undefined; (value = await rx.recv()) !== undefined; ) sum += value;
  assertTotal(sum, sumBelow(ROUNDS));
}

async function announce(tx: broadcast.Sender<number>, oneByOne: boolean): Promise<void> {
  for (let i = 0; i < ROUNDS; i += 1) {
    tx.send(i);
    if (oneByOne) await yieldNow();
  }
  tx[Symbol.dispose]();
}

async function broadcastAll(ops: number, oneByOne: boolean): Promise<void> {
  for (let batch = batches(ops, ROUNDS); batch > 0; batch -= 1) {
    const { tx, rx } = broadcast.channel<number>(BROADCAST_CAPACITY);
    rx[Symbol.dispose]();
    const handles: JoinHandle<void>[] = [];
    for (let i = 0; i < SUBSCRIBERS; i += 1) {
      const own = tx.subscribe();
      handles.push(spawn(() => listen(own)));
    }
    handles.push(spawn(() => announce(tx, oneByOne)));
    await joinAll(handles);
  }
}

/** How many of a round have come. */
interface Count {
  value: number;
}

async function follow(rx: watch.Receiver<number>, seen: Count, allSaw: Notify): Promise<void> {
  let sum = 0;
  for (let i = 0; i < ROUNDS; i += 1) {
    await rx.changed();
    sum += rx.borrowAndUpdate().value;
    seen.value += 1;
    if (seen.value === WATCHERS) {
      seen.value = 0;
      allSaw.notifyOne();
    }
  }
  assertTotal(sum, sumBelow(ROUNDS + 1));
}

async function show(tx: watch.Sender<number>, allSaw: Notify): Promise<void> {
  for (let i = 1; i <= ROUNDS; i += 1) {
    tx.send(i);
    await allSaw.notified();
  }
}

async function watchAll(ops: number): Promise<void> {
  for (let batch = batches(ops, ROUNDS); batch > 0; batch -= 1) {
    const { tx, rx } = watch.channel(0);
    const allSaw = new Notify();
    const seen: Count = { value: 0 };
    const handles: JoinHandle<void>[] = [];
    for (let i = 0; i < WATCHERS; i += 1) {
      const own = rx.clone();
      handles.push(spawn(() => follow(own, seen, allSaw)));
    }
    rx[Symbol.dispose]();
    handles.push(spawn(() => show(tx, allSaw)));
    await joinAll(handles);
  }
}

async function notifyFirst(ping: Notify, pong: Notify): Promise<void> {
  for (let i = 0; i < ROUNDS; i += 1) {
    ping.notifyOne();
    await pong.notified();
  }
}

async function notifyBack(ping: Notify, pong: Notify): Promise<void> {
  for (let i = 0; i < ROUNDS; i += 1) {
    await ping.notified();
    pong.notifyOne();
  }
}

async function notifyOne(ops: number): Promise<void> {
  for (let batch = batches(ops, 2 * ROUNDS); batch > 0; batch -= 1) {
    const ping = new Notify();
    const pong = new Notify();
    await joinAll([spawn(() => notifyBack(ping, pong)), spawn(() => notifyFirst(ping, pong))]);
  }
}

async function waitAgain(goOn: Notify, waiting: Count, allWait: Notify): Promise<void> {
  for (let i = 0; i < WAKES; i += 1) {
    const next = goOn.notified(); // counts as waiting from here on
    waiting.value += 1;
    if (waiting.value === WAITERS) {
      waiting.value = 0;
      allWait.notifyOne();
    }
    await next;
  }
}

async function wakeAgain(goOn: Notify, allWait: Notify): Promise<void> {
  for (let i = 0; i < WAKES; i += 1) {
    await allWait.notified();
    goOn.notifyWaiters();
  }
}

async function notifyMany(ops: number): Promise<void> {
  for (let batch = batches(ops, WAITERS * WAKES); batch > 0; batch -= 1) {
    const goOn = new Notify();
    const allWait = new Notify();
    const waiting: Count = { value: 0 };
    const handles: JoinHandle<void>[] = [];
    for (let i = 0; i < WAITERS; i += 1) handles.push(spawn(() => waitAgain(goOn, waiting, allWait)));
    handles.push(spawn(() => wakeAgain(goOn, allWait)));
    await joinAll(handles);
  }
}

async function semaphoreUncontended(ops: number): Promise<void> {
  const semaphore = new Semaphore(10);
  for (let i = 0; i < ops; i += 1) {
    const permit = await semaphore.acquire();
    permit.release();
  }
  assertTotal(semaphore.availablePermits(), 10);
}

async function holdPermit(semaphore: Semaphore): Promise<void> {
  for (let i = 0; i < HOLDS; i += 1) {
    const permit = await semaphore.acquire();
    await yieldNow();
    permit.release();
  }
}

async function semaphoreContended(ops: number): Promise<void> {
  for (let batch = batches(ops, CONTENDERS * HOLDS); batch > 0; batch -= 1) {
    const semaphore = new Semaphore(PERMITS);
    const handles: JoinHandle<void>[] = [];
    for (let i = 0; i < CONTENDERS; i += 1) handles.push(spawn(() => holdPermit(semaphore)));
    await joinAll(handles);
    assertTotal(semaphore.availablePermits(), PERMITS);
  }
}

async function mutexUncontended(ops: number): Promise<void> {
  const mutex = new Mutex(0);
  for (let i = 0; i < ops; i += 1) {
    const guard = await mutex.lock();
    guard.value += 1;
    guard.release();
  }
  assertTotal(mutex.intoInner(), ops);
}

async function holdLock(mutex: Mutex<number>): Promise<void> {
  for (let i = 0; i < HOLDS; i += 1) {
    const guard = await mutex.lock();
    guard.value += 1;
    await yieldNow();
    guard.release();
  }
}

async function mutexContended(ops: number): Promise<void> {
  for (let batch = batches(ops, CONTENDERS * HOLDS); batch > 0; batch -= 1) {
    const mutex = new Mutex(0);
    const handles: JoinHandle<void>[] = [];
    for (let i = 0; i < CONTENDERS; i += 1) handles.push(spawn(() => holdLock(mutex)));
    await joinAll(handles);
    assertTotal(mutex.intoInner(), CONTENDERS * HOLDS);
  }
}

async function rwlockRead(ops: number): Promise<void> {
  const lock = new RwLock(1);
  let sum = 0;
  for (let i = 0; i < ops; i += 1) {
    const guard = await lock.read();
    sum += guard.value;
    guard.release();
  }
  assertTotal(sum, ops);
}

async function rwlockWrite(ops: number): Promise<void> {
  const lock = new RwLock(0);
  for (let i = 0; i < ops; i += 1) {
    const guard = await lock.write();
    guard.value += 1;
    guard.release();
  }
  assertTotal(lock.intoInner(), ops);
}

async function holdRead(lock: RwLock<number>): Promise<void> {
  for (let i = 0; i < HOLDS; i += 1) {
    const guard = await lock.read();
    const before = guard.value;
    await yieldNow();
    assertTotal(guard.value, before);
    guard.release();
  }
}

async function holdWrite(lock: RwLock<number>): Promise<void> {
  for (let i = 0; i < HOLDS; i += 1) {
    const guard = await lock.write();
    guard.value += 1;
    await yieldNow();
    guard.release();
  }
}

async function rwlockMixed(ops: number): Promise<void> {
  for (let batch = batches(ops, (CONTENDERS + WRITERS) * HOLDS); batch > 0; batch -= 1) {
    const lock = new RwLock(0);
    const handles: JoinHandle<void>[] = [];
    for (let i = 0; i < CONTENDERS; i += 1) handles.push(spawn(() => holdRead(lock)));
    for (let i = 0; i < WRITERS; i += 1) handles.push(spawn(() => holdWrite(lock)));
    await joinAll(handles);
    assertTotal(lock.intoInner(), WRITERS * HOLDS);
  }
}

async function exclusively(mutex: Mutex<null>, i: number): Promise<number> {
  const guard = await mutex.lock();
  try {
    return await job(i, 1);
  } finally {
    guard.release();
  }
}

async function exclusive(ops: number): Promise<void> {
  for (let batch = batches(ops, JOBS); batch > 0; batch -= 1) {
    const mutex = new Mutex(null);
    assertJobs(await Promise.all(INDICES.map((i) => exclusively(mutex, i))));
  }
}

async function permitted(semaphore: Semaphore, i: number): Promise<number> {
  const permit = await semaphore.acquire();
  try {
    return await job(i, CONCURRENCY);
  } finally {
    permit.release();
  }
}

async function tenAtATime(ops: number): Promise<void> {
  for (let batch = batches(ops, JOBS); batch > 0; batch -= 1) {
    const semaphore = new Semaphore(CONCURRENCY);
    assertJobs(await Promise.all(INDICES.map((i) => permitted(semaphore, i))));
  }
}

export default {
  "mpsc/bounded-1": (ops) => runtime.blockOn(() => bounded(ops, 1, 1)),
  "mpsc/bounded-1-8-producers": (ops) => runtime.blockOn(() => bounded(ops, 1, PRODUCERS)),
  "mpsc/bounded-128": (ops) => runtime.blockOn(() => bounded(ops, 128, 1)),
  "mpsc/bounded-128-8-producers": (ops) => runtime.blockOn(() => bounded(ops, 128, PRODUCERS)),
  "mpsc/unbounded": (ops) => runtime.blockOn(() => unbounded(ops, 1)),
  "mpsc/unbounded-8-producers": (ops) => runtime.blockOn(() => unbounded(ops, PRODUCERS)),
  "oneshot/same-task": (ops) => runtime.blockOn(() => oneshotSameTask(ops)),
  "oneshot/across-tasks": (ops) => runtime.blockOn(() => oneshotAcrossTasks(ops)),
  "request/reply": (ops) => runtime.blockOn(() => requestReply(ops)),
  "broadcast/1-to-4": (ops) => runtime.blockOn(() => broadcastAll(ops, false)),
  "broadcast/1-to-4-one-by-one": (ops) => runtime.blockOn(() => broadcastAll(ops, true)),
  "watch/1-to-8": (ops) => runtime.blockOn(() => watchAll(ops)),
  "notify/one": (ops) => runtime.blockOn(() => notifyOne(ops)),
  "notify/many": (ops) => runtime.blockOn(() => notifyMany(ops)),
  "semaphore/uncontended": (ops) => runtime.blockOn(() => semaphoreUncontended(ops)),
  "semaphore/10-contenders": (ops) => runtime.blockOn(() => semaphoreContended(ops)),
  "mutex/uncontended": (ops) => runtime.blockOn(() => mutexUncontended(ops)),
  "mutex/10-contenders": (ops) => runtime.blockOn(() => mutexContended(ops)),
  "rwlock/read-uncontended": (ops) => runtime.blockOn(() => rwlockRead(ops)),
  "rwlock/write-uncontended": (ops) => runtime.blockOn(() => rwlockWrite(ops)),
  "rwlock/10-readers-2-writers": (ops) => runtime.blockOn(() => rwlockMixed(ops)),
  "jobs/exclusive": (ops) => runtime.blockOn(() => exclusive(ops)),
  "jobs/10-at-a-time": (ops) => runtime.blockOn(() => tenAtATime(ops)),
} satisfies Contestant;
