/** Runs programs on the runtime. */
import {
  Future,
  intoFuture,
  JoinError,
  JoinSet,
  PENDING,
  spawn,
  yieldNow,
  type AbortHandle,
  type Context,
  type Id,
  type IntoFuture,
  type JoinHandle,
  type Poll,
  type Runtime,
} from "@rt/core";
import type { Idle } from "./check.ts";
import type { Host, SetHost } from "./host.ts";
import type { RaceNode, Strand } from "./program.ts";
import { ProgramError, Trace } from "./trace.ts";
import { Waits } from "./waits.ts";

type Y = Future<unknown>;

export class RuntimeHost implements Host<Y> {
  readonly trace: Trace = new Trace();
  readonly waits: Waits = new Waits();
  readonly handles: Map<Strand, JoinHandle<number>> = new Map();
  readonly tasks: Map<Strand, AbortHandle | JoinHandle<number>> = new Map();
  readonly idles: Idle[] = [];
  readonly #names = new Map<Id, number>();
  readonly #runtime: Runtime;
  readonly #body: (host: RuntimeHost, strand: Strand) => IntoFuture<number>;

  constructor(runtime: Runtime, body: (host: RuntimeHost, strand: Strand) => IntoFuture<number>) {
    this.#runtime = runtime;
    this.#body = body;
  }

  start(root: Strand): void {
    this.#started(root, this.#runtime.spawn(this.body(root)));
  }

  log(key: string, info?: string): void {
    this.trace.log(key, info);
  }

  noteIdle(): void {
    const alive = [...this.tasks].filter(([, handle]) => !handle.isFinished()).map(([task]) => task);
    this.idles.push({ at: this.trace.events.length, alive: new Set(alive) });
  }

  body(strand: Strand): IntoFuture<number> {
    return this.#body(this, strand);
  }

  yieldNow(): Future<void> {
    return yieldNow();
  }

  wait(id: number): Future<void> {
    return new Wait(this.waits, id);
  }

  fire(id: number): void {
    this.waits.end(id, "completed");
  }

  spawn(task: Strand): void {
    this.#started(task, spawn(this.body(task)));
  }

  #started(task: Strand, handle: JoinHandle<number>): void {
    this.handles.set(task, handle);
    this.started(task, handle);
  }

  started(task: Strand, handle: AbortHandle | JoinHandle<number>): void {
    this.tasks.set(task, handle);
    this.#names.set(handle.id(), task.id);
  }

  isSpawned(task: Strand): boolean {
    return this.tasks.has(task);
  }

  isAlive(task: Strand): boolean {
    return this.tasks.get(task)?.isFinished() === false;
  }

  abort(task: Strand): void {
    this.tasks.get(task)?.abort();
  }

  detach(task: Strand): void {
    this.handles.get(task)?.drop();
  }

  join(task: Strand): JoinHandle<number> {
    return this.handles.get(task) as JoinHandle<number>; // asked before
  }

  race(node: RaceNode): Future<"a" | "b"> {
    return new Race(intoFuture(this.body(node.a)), intoFuture(this.body(node.b)));
  }

  set(): RuntimeSet {
    return new RuntimeSet(this);
  }

  /** What each handle gives, once all tasks have ended. Awaited outside any task. */
  async results(): Promise<Map<Strand, string>> {
    const results = new Map<Strand, string>();
    for (const [task, handle] of this.handles) results.set(task, await this.#resultOf(handle));
    return results;
  }

  async #resultOf(handle: JoinHandle<number>): Promise<string> {
    try {
      return `value ${await handle}`;
    } catch (error) {
      return this.explain(error) ?? `a foreign error: ${String(error)}`;
    }
  }

  explain(error: unknown): string | undefined {
    if (error instanceof ProgramError) return `error ${error.id}`;
    if (error instanceof JoinError && error.isCancelled())
      return `cancelled ${this.#names.get(error.id()) ?? "nobody"}`;
    return undefined;
  }
}

class Wait extends Future<void> {
  readonly #waits: Waits;
  readonly #id: number;
  constructor(waits: Waits, id: number) {
    super();
    this.#waits = waits;
    this.#id = id;
  }
  override poll(cx: Context): Poll<void> {
    return this.#waits.poll(this.#id, cx.waker);
  }
  override drop(): void {
    this.#waits.drop(this.#id);
  }
}

/** What `select` does, by hand: the first that ends wins, the other is dropped. */
class Race extends Future<"a" | "b"> {
  readonly #a: Future<number>;
  readonly #b: Future<number>;

  constructor(a: Future<number>, b: Future<number>) {
    super();
    this.#a = a;
    this.#b = b;
  }

  override poll(cx: Context): Poll<"a" | "b"> {
    if (ends(this.#a, this.#b, cx)) return "a";
    if (ends(this.#b, this.#a, cx)) return "b";
    return PENDING;
  }

  override drop(): void {
    try {
      this.#a.drop();
    } finally {
      this.#b.drop();
    }
  }
}

function ends(future: Future<number>, other: Future<number>, cx: Context): boolean {
  let over = true;
  try {
    over = future.poll(cx) !== PENDING;
  } finally {
    if (over) other.drop();
  }
  return over;
}

export class RuntimeSet implements SetHost<Y> {
  readonly #host: RuntimeHost;
  readonly #set = new JoinSet<number>();
  readonly #members: AbortHandle[] = [];

  constructor(host: RuntimeHost) {
    this.#host = host;
  }

  spawn(task: Strand): void {
    const handle = this.#set.spawn(this.#host.body(task));
    this.#members.push(handle);
    this.#host.started(task, handle);
  }

  abort(member: number): void {
    this.#members[member]?.abort();
  }
  abortAll(): void {
    this.#set.abortAll();
  }
  detachAll(): void {
    this.#set.detachAll();
  }
  tryNext(): number | undefined {
    return this.#set.tryJoinNext();
  }
  next(): Future<number | undefined> {
    return this.#set.joinNext();
  }
  joinAll(): Future<number[]> {
    return this.#set.joinAll();
  }
  shutdown(): Future<void> {
    return this.#set.shutdown();
  }
  drop(): void {
    this.#set.drop();
  }
}
