/** Our generator lane: hoisted `function*` tasks on one current-thread runtime. */

import { type Async, Builder, type JoinHandle, spawn, yieldNow } from "@rt/core";
import { broadcast, mpsc, Mutex, Notify, oneshot, RwLock, Semaphore, watch } from "@rt/sync";
import type { Contestant } from "../../harness/case.ts";
import { assertTotal, batches, sumBelow } from "../../shared/batches.ts";
import {
  BROADCAST_CAPACITY,
  CONTENDERS,
  HOLDS,
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

function* joinAll(handles: readonly JoinHandle<void>[]): Async<void> {
  for (const handle of handles) yield* handle;
}

function* produce(tx: mpsc.Sender<number>, count: number): Async<void> {
  for (let i = 0; i < count; i += 1) yield* tx.send(i);
  tx[Symbol.dispose]();
}

function* consume(rx: mpsc.Receiver<number>): Async<number> {
  let sum = 0;
  for (let value: number | undefined; (value = yield* rx.recv()) !== undefined; ) sum += value;
  return sum;
}

function* bounded(ops: number, capacity: number, producers: number): Async<void> {
  const each = MESSAGES / producers;
  for (let batch = batches(ops, MESSAGES); batch > 0; batch -= 1) {
    const { tx, rx } = mpsc.channel<number>(capacity);
    for (let i = 0; i < producers; i += 1) spawn(produce(tx.clone(), each));
    tx[Symbol.dispose]();
    assertTotal(yield* spawn(consume(rx)), producers * sumBelow(each));
  }
}

/* oxlint-disable-next-line require-yield -- it never waits, but is a task like the others */
function* produceAtOnce(tx: mpsc.UnboundedSender<number>, count: number): Async<void> {
  for (let i = 0; i < count; i += 1) tx.send(i);
  tx[Symbol.dispose]();
}

function* consumeUnbounded(rx: mpsc.UnboundedReceiver<number>): Async<number> {
  let sum = 0;
  for (let value: number | undefined; (value = yield* rx.recv()) !== undefined; ) sum += value;
  return sum;
}

function* unbounded(ops: number, producers: number): Async<void> {
  const each = MESSAGES / producers;
  for (let batch = batches(ops, MESSAGES); batch > 0; batch -= 1) {
    const { tx, rx } = mpsc.unboundedChannel<number>();
    for (let i = 0; i < producers; i += 1) spawn(produceAtOnce(tx.clone(), each));
    tx[Symbol.dispose]();
    assertTotal(yield* spawn(consumeUnbounded(rx)), producers * sumBelow(each));
  }
}

function* oneshotSameTask(ops: number): Async<void> {
  let sum = 0;
  for (let i = 0; i < ops; i += 1) {
    const { tx, rx } = oneshot.channel<number>();
    tx.send(i);
    sum += yield* rx;
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

function* ask(pings: readonly Ends[], pongs: readonly Ends[]): Async<number> {
  let sum = 0;
  for (let i = 0; i < ROUNDS; i += 1) {
    pings[i]!.tx.send(i);
    sum += yield* pongs[i]!.rx;
  }
  return sum;
}

function* answer(pings: readonly Ends[], pongs: readonly Ends[]): Async<void> {
  for (let i = 0; i < ROUNDS; i += 1) pongs[i]!.tx.send(yield* pings[i]!.rx);
}

function* oneshotAcrossTasks(ops: number): Async<void> {
  for (let batch = batches(ops, 2 * ROUNDS); batch > 0; batch -= 1) {
    const pings = pairs();
    const pongs = pairs();
    spawn(answer(pings, pongs));
    assertTotal(yield* spawn(ask(pings, pongs)), sumBelow(ROUNDS));
  }
}

interface Request {
  readonly value: number;
  readonly reply: oneshot.Sender<number>;
}

function* serve(rx: mpsc.Receiver<Request>): Async<void> {
  for (let request: Request | undefined; (request = yield* rx.recv()) !== undefined; )
    request.reply.send(request.value);
}

function* call(tx: mpsc.Sender<Request>): Async<number> {
  let sum = 0;
  for (let i = 0; i < ROUNDS; i += 1) {
    const reply = oneshot.channel<number>();
    yield* tx.send({ value: i, reply: reply.tx });
    sum += yield* reply.rx;
  }
  tx[Symbol.dispose]();
  return sum;
}

function* requestReply(ops: number): Async<void> {
  for (let batch = batches(ops, ROUNDS); batch > 0; batch -= 1) {
    const { tx, rx } = mpsc.channel<Request>(128);
    spawn(serve(rx));
    assertTotal(yield* spawn(call(tx)), sumBelow(ROUNDS));
  }
}

function* listen(rx: broadcast.Receiver<number>): Async<void> {
  let sum = 0;
  for (let value: number | undefined; (value = yield* rx.recv()) !== undefined; ) sum += value;
  assertTotal(sum, sumBelow(ROUNDS));
}

function* announce(tx: broadcast.Sender<number>, oneByOne: boolean): Async<void> {
  for (let i = 0; i < ROUNDS; i += 1) {
    tx.send(i);
    if (oneByOne) yield* yieldNow();
  }
  tx[Symbol.dispose]();
}

function* broadcastAll(ops: number, oneByOne: boolean): Async<void> {
  for (let batch = batches(ops, ROUNDS); batch > 0; batch -= 1) {
    const { tx, rx } = broadcast.channel<number>(BROADCAST_CAPACITY);
    rx[Symbol.dispose]();
    const handles: JoinHandle<void>[] = [];
    for (let i = 0; i < SUBSCRIBERS; i += 1) handles.push(spawn(listen(tx.subscribe())));
    handles.push(spawn(announce(tx, oneByOne)));
    yield* joinAll(handles);
  }
}

/** How many of a round have come. */
interface Count {
  value: number;
}

function* follow(rx: watch.Receiver<number>, seen: Count, allSaw: Notify): Async<void> {
  let sum = 0;
  for (let i = 0; i < ROUNDS; i += 1) {
    yield* rx.changed();
    sum += rx.borrowAndUpdate().value;
    seen.value += 1;
    if (seen.value === WATCHERS) {
      seen.value = 0;
      allSaw.notifyOne();
    }
  }
  assertTotal(sum, sumBelow(ROUNDS + 1));
}

function* show(tx: watch.Sender<number>, allSaw: Notify): Async<void> {
  for (let i = 1; i <= ROUNDS; i += 1) {
    tx.send(i);
    yield* allSaw.notified();
  }
}

function* watchAll(ops: number): Async<void> {
  for (let batch = batches(ops, ROUNDS); batch > 0; batch -= 1) {
    const { tx, rx } = watch.channel(0);
    const allSaw = new Notify();
    const seen: Count = { value: 0 };
    const handles: JoinHandle<void>[] = [];
    for (let i = 0; i < WATCHERS; i += 1) handles.push(spawn(follow(rx.clone(), seen, allSaw)));
    rx[Symbol.dispose]();
    handles.push(spawn(show(tx, allSaw)));
    yield* joinAll(handles);
  }
}

function* notifyFirst(ping: Notify, pong: Notify): Async<void> {
  for (let i = 0; i < ROUNDS; i += 1) {
    ping.notifyOne();
    yield* pong.notified();
  }
}

function* notifyBack(ping: Notify, pong: Notify): Async<void> {
  for (let i = 0; i < ROUNDS; i += 1) {
    yield* ping.notified();
    pong.notifyOne();
  }
}

function* notifyOne(ops: number): Async<void> {
  for (let batch = batches(ops, 2 * ROUNDS); batch > 0; batch -= 1) {
    const ping = new Notify();
    const pong = new Notify();
    yield* joinAll([spawn(notifyBack(ping, pong)), spawn(notifyFirst(ping, pong))]);
  }
}

function* waitAgain(goOn: Notify, waiting: Count, allWait: Notify): Async<void> {
  for (let i = 0; i < WAKES; i += 1) {
    const next = goOn.notified(); // counts as waiting from here on
    waiting.value += 1;
    if (waiting.value === WAITERS) {
      waiting.value = 0;
      allWait.notifyOne();
    }
    yield* next;
  }
}

function* wakeAgain(goOn: Notify, allWait: Notify): Async<void> {
  for (let i = 0; i < WAKES; i += 1) {
    yield* allWait.notified();
    goOn.notifyWaiters();
  }
}

function* notifyMany(ops: number): Async<void> {
  for (let batch = batches(ops, WAITERS * WAKES); batch > 0; batch -= 1) {
    const goOn = new Notify();
    const allWait = new Notify();
    const waiting: Count = { value: 0 };
    const handles: JoinHandle<void>[] = [];
    for (let i = 0; i < WAITERS; i += 1) handles.push(spawn(waitAgain(goOn, waiting, allWait)));
    handles.push(spawn(wakeAgain(goOn, allWait)));
    yield* joinAll(handles);
  }
}

function* semaphoreUncontended(ops: number): Async<void> {
  const semaphore = new Semaphore(10);
  for (let i = 0; i < ops; i += 1) {
    const permit = yield* semaphore.acquire();
    permit.release();
  }
  assertTotal(semaphore.availablePermits(), 10);
}

function* holdPermit(semaphore: Semaphore): Async<void> {
  for (let i = 0; i < HOLDS; i += 1) {
    const permit = yield* semaphore.acquire();
    yield* yieldNow();
    permit.release();
  }
}

function* semaphoreContended(ops: number): Async<void> {
  for (let batch = batches(ops, CONTENDERS * HOLDS); batch > 0; batch -= 1) {
    const semaphore = new Semaphore(PERMITS);
    const handles: JoinHandle<void>[] = [];
    for (let i = 0; i < CONTENDERS; i += 1) handles.push(spawn(holdPermit(semaphore)));
    yield* joinAll(handles);
    assertTotal(semaphore.availablePermits(), PERMITS);
  }
}

function* mutexUncontended(ops: number): Async<void> {
  const mutex = new Mutex(0);
  for (let i = 0; i < ops; i += 1) {
    const guard = yield* mutex.lock();
    guard.value += 1;
    guard.release();
  }
  assertTotal(mutex.intoInner(), ops);
}

function* holdLock(mutex: Mutex<number>): Async<void> {
  for (let i = 0; i < HOLDS; i += 1) {
    const guard = yield* mutex.lock();
    guard.value += 1;
    yield* yieldNow();
    guard.release();
  }
}

function* mutexContended(ops: number): Async<void> {
  for (let batch = batches(ops, CONTENDERS * HOLDS); batch > 0; batch -= 1) {
    const mutex = new Mutex(0);
    const handles: JoinHandle<void>[] = [];
    for (let i = 0; i < CONTENDERS; i += 1) handles.push(spawn(holdLock(mutex)));
    yield* joinAll(handles);
    assertTotal(mutex.intoInner(), CONTENDERS * HOLDS);
  }
}

function* rwlockRead(ops: number): Async<void> {
  const lock = new RwLock(1);
  let sum = 0;
  for (let i = 0; i < ops; i += 1) {
    const guard = yield* lock.read();
    sum += guard.value;
    guard.release();
  }
  assertTotal(sum, ops);
}

function* rwlockWrite(ops: number): Async<void> {
  const lock = new RwLock(0);
  for (let i = 0; i < ops; i += 1) {
    const guard = yield* lock.write();
    guard.value += 1;
    guard.release();
  }
  assertTotal(lock.intoInner(), ops);
}

function* holdRead(lock: RwLock<number>): Async<void> {
  for (let i = 0; i < HOLDS; i += 1) {
    const guard = yield* lock.read();
    const before = guard.value;
    yield* yieldNow();
    assertTotal(guard.value, before);
    guard.release();
  }
}

function* holdWrite(lock: RwLock<number>): Async<void> {
  for (let i = 0; i < HOLDS; i += 1) {
    const guard = yield* lock.write();
    guard.value += 1;
    yield* yieldNow();
    guard.release();
  }
}

function* rwlockMixed(ops: number): Async<void> {
  for (let batch = batches(ops, (CONTENDERS + WRITERS) * HOLDS); batch > 0; batch -= 1) {
    const lock = new RwLock(0);
    const handles: JoinHandle<void>[] = [];
    for (let i = 0; i < CONTENDERS; i += 1) handles.push(spawn(holdRead(lock)));
    for (let i = 0; i < WRITERS; i += 1) handles.push(spawn(holdWrite(lock)));
    yield* joinAll(handles);
    assertTotal(lock.intoInner(), WRITERS * HOLDS);
  }
}

export default {
  "mpsc/bounded-1": (ops) => runtime.blockOn(bounded(ops, 1, 1)),
  "mpsc/bounded-1-8-producers": (ops) => runtime.blockOn(bounded(ops, 1, PRODUCERS)),
  "mpsc/bounded-128": (ops) => runtime.blockOn(bounded(ops, 128, 1)),
  "mpsc/bounded-128-8-producers": (ops) => runtime.blockOn(bounded(ops, 128, PRODUCERS)),
  "mpsc/unbounded": (ops) => runtime.blockOn(unbounded(ops, 1)),
  "mpsc/unbounded-8-producers": (ops) => runtime.blockOn(unbounded(ops, PRODUCERS)),
  "oneshot/same-task": (ops) => runtime.blockOn(oneshotSameTask(ops)),
  "oneshot/across-tasks": (ops) => runtime.blockOn(oneshotAcrossTasks(ops)),
  "request/reply": (ops) => runtime.blockOn(requestReply(ops)),
  "broadcast/1-to-4": (ops) => runtime.blockOn(broadcastAll(ops, false)),
  "broadcast/1-to-4-one-by-one": (ops) => runtime.blockOn(broadcastAll(ops, true)),
  "watch/1-to-8": (ops) => runtime.blockOn(watchAll(ops)),
  "notify/one": (ops) => runtime.blockOn(notifyOne(ops)),
  "notify/many": (ops) => runtime.blockOn(notifyMany(ops)),
  "semaphore/uncontended": (ops) => runtime.blockOn(semaphoreUncontended(ops)),
  "semaphore/10-contenders": (ops) => runtime.blockOn(semaphoreContended(ops)),
  "mutex/uncontended": (ops) => runtime.blockOn(mutexUncontended(ops)),
  "mutex/10-contenders": (ops) => runtime.blockOn(mutexContended(ops)),
  "rwlock/read-uncontended": (ops) => runtime.blockOn(rwlockRead(ops)),
  "rwlock/write-uncontended": (ops) => runtime.blockOn(rwlockWrite(ops)),
  "rwlock/10-readers-2-writers": (ops) => runtime.blockOn(rwlockMixed(ops)),
} satisfies Contestant;
