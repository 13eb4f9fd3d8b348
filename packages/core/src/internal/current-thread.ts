/**
 * The scheduler that runs all tasks on the thread that made it.
 *
 * One activation polls ready tasks until none is left, then parks on the driver; or until the driver wants its turn.
 *
 * Invariants:
 *  1. While `#running`, wakes go to the local queue; else to the inject queue, and `#active` says that an activation
 *     is under way: the driver was told, or will come back by itself.
 */
import { now, onceNothingIsLeft, runNeutral } from "#platform";
import type { Driver } from "../driver/driver.ts";
import type { Config } from "./config.ts";
import { channels, RuntimeCore } from "./runtime-core.ts";
import { aside, GUESS_HOPS, Polling, realm } from "./realm.ts";
import { RunQueue } from "./run-queue.ts";
import { PollWatch } from "./poll-watch.ts";
import type { Task } from "./task.ts";

/** Polls between looks at the driver. Tokio's number; here a look is a clock read, and a turn comes when it is time. */
const EVENT_INTERVAL = 61;

/** How many polls one counts for that had a budget of awaits before it: that many take about as long. */
const HEAVY = 15;

const settled: Promise<void> = Promise.resolve();

/**
 * How many microtasks after an async function was let go on its code has run: its continuation is the next one, an
 * await of a future takes two more. Where the platform keeps no scope for it, we also wait for what it does with
 * promises of its own.
 */
const HOPS: number = realm.scopes === null ? GUESS_HOPS : 4;

export class CurrentThread extends RuntimeCore {
  readonly #local = new RunQueue();
  readonly #inject = new RunQueue();
  readonly #interval: number;
  readonly #force: boolean;
  /** Polls until the driver is asked whether it wants its turn. */
  #left: number;
  #running = false;
  /** Running, and nobody watches wake-ups: `schedule` need only push. */
  #plain = false;
  #active = false;
  #polledSincePark = false;
  /** An async function's code is running in microtasks, and its poll is not over. */
  #stepping = false;
  #hops = 0;
  readonly #watch: PollWatch;

  constructor(config: Config, driver: Driver) {
    super(config, driver);
    this.#interval = config.eventInterval ?? EVENT_INTERVAL;
    this.#left = this.#interval;
    this.#force = config.eventInterval !== undefined;
    this.#watch = new PollWatch(this);
    driver.start(() => this.#activate());
    this.enlist();
    this.tell(channels.start, null, { name: config.name });
  }

  override get ready(): number {
    return this.#local.length + this.#inject.length;
  }

  override get localSchedules(): number {
    return this.#local.pushes - this.#inject.pushes + this.#inject.length;
  }

  override get remoteSchedules(): number {
    return this.#inject.pushes;
  }

  override get injected(): number {
    return this.#inject.length;
  }

  override schedule(task: Task<unknown>): void {
    if (this.#plain) this.#local.push(task);
    else this.#scheduleWatched(task);
  }

  #scheduleWatched(task: Task<unknown>): void {
    this.tell(channels.wake, task);
    if (this.counters.tracksLatency) task._extend().scheduledAt = now();
    if (this.#running) {
      this.#local.push(task);
      return;
    }
    this.#inject.push(task);
    if (this.#active) return;
    this.#active = true;
    this.driver.unpark();
  }

  protected override watchExit(onNothingLeft: () => void): () => void {
    return onceNothingIsLeft(onNothingLeft);
  }

  protected override queued(): Task<unknown>[] {
    return [...this.#local.toArray(), ...this.#inject.toArray()];
  }

  #activate(): void {
    if (this.#running || this.#stepping) return;
    runNeutral(run, this as CurrentThread);
  }

  /** One activation. */
  _run(): void {
    this.#running = true;
    this.#active = true;
    this.#plain = !this.counters.tracksLatency && !channels.wake.hasSubscribers;
    try {
      this.#unparked();
      this.driver.poll();
      this.#absorb();
      while (this.#mayPoll() && this.#pollBatch() && this.#next()) {}
    } finally {
      this.#running = false;
      this.#plain = false;
      realm.resumed = false;
    }
  }

  /**
   * Lets tasks that were woken from outside line up behind those that are ready already. Nothing else runs during an
   * activation, so this is all the looking at the inject queue that a single thread needs.
   */
  #absorb(): void {
    for (let task = this.#inject.shift(); task !== null; task = this.#inject.shift()) this.#local.push(task);
  }

  /** Gives the driver its turn when the interval is over, if it wants one. False to give the thread back for it. */
  #mayPoll(): boolean {
    if (this.#left > 0) return true;
    this.#left = this.#interval;
    if (!this.driver.turn(this.#force)) return false;
    this.driver.poll();
    return true;
  }

  /** Polls until the queues are empty or the interval is over. False when the rest must wait for microtasks. */
  #pollBatch(): boolean {
    const watched = this.watched || realm.scopes === null || channels.poll.hasSubscribers;
    const local = this.#local;
    const start = this.#left;
    let left = start;
    let goOn = true;
    realm.now = new Polling();
    while (left > 0 && goOn) {
      const task = local.shift();
      if (task === null) break;
      left -= 1;
      if (watched) goOn = this.#pollWatched(task);
      else task._run();
    }
    // Kept from one activation to the next: async functions come in activations of a poll or two, and must not keep
    // the loop from its turn either.
    this.#left = Math.max(0, left - HEAVY * this.heavyPolls);
    this.heavyPolls = 0;
    this.counters.polls += start - left;
    if (left < start) this.#polledSincePark = true;
    realm.now.task = null;
    return goOn;
  }

  /** What comes after a batch: more polls, or sleep. False to give the thread back. */
  #next(): boolean {
    if (this.ready > 0) return true;
    if (realm.resumed && this.driver.returnsFromPark) {
      this.#waitForCode();
      return false;
    }
    if (this.config.onThreadPark !== undefined) this.threadHook("onThreadPark");
    if (this.ready > 0) return true;
    return this.#park();
  }

  #park(): boolean {
    this.counters.parks += 1;
    if (!this.#polledSincePark) this.counters.noops += 1;
    this.#polledSincePark = false;
    this.tell(channels.park, null);
    this.#active = false;
    if (!this.driver.park(Infinity)) return false;
    this.#active = true;
    this.#unparked();
    this.driver.poll();
    return true;
  }

  #unparked(): void {
    // Odd while parked: every activation but the one after a turn of the loop ends a park.
    if (this.counters.parks === this.counters.unparks) return;
    this.counters.unparks += 1;
    this.tell(channels.unpark, null);
    if (this.config.onThreadUnpark !== undefined) this.threadHook("onThreadUnpark");
  }

  /** Polls with hooks, times and diagnostics. False when the poll goes on in microtasks. */
  #pollWatched(task: Task<unknown>): boolean {
    realm.resumed = false;
    this.#watch.begin(task);
    task._run();
    if (!realm.resumed) {
      this.#watch.end();
      return true;
    }
    this.#waitForCode();
    return false;
  }

  #waitForCode(): void {
    realm.resumed = false;
    this.#stepping = true;
    this.#hops = HOPS;
    void settled.then(this.#hop);
  }

  /** Waits until the code of a resumed async function has run; then its poll is over, and the next may start. */
  readonly #hop = (): void => {
    if (realm.resumed) {
      realm.resumed = false;
      this.#hops = HOPS;
    }
    this.#hops -= 1;
    if (this.#hops > 0) {
      void settled.then(this.#hop);
      return;
    }
    this.#stepping = false;
    this.#watch.end();
    this.#activate();
  };
}

function run(scheduler: CurrentThread): void {
  aside(activate, scheduler);
}

function activate(scheduler: CurrentThread): void {
  scheduler._run();
}
