/**
 * The reference: one queue of tasks, each a plain generator, run one after the other.
 *
 * It says what happens, and in which order, as far as that is promised. Where a program comes to a point from which
 * on the order is left open, the reference stops: `known` says how much of its trace stands. Those points are
 *  - two waits that end with the same task (who is woken first is open),
 *  - cleanup of a lost branch that itself waits (it runs beside its task), and
 *  - the shutdown of the runtime (which task is dropped first is open).
 */
import { PENDING, type Poll } from "@rt/core";
import { runStrand } from "./generator-body.ts";
import type { Host, SetHost, Step } from "./host.ts";
import type { RaceNode, Strand } from "./program.ts";
import { ProgramError, Trace } from "./trace.ts";
import { Waits } from "./waits.ts";

type Result = { readonly kind: "value" | "error"; readonly value: unknown } | { readonly kind: "cancelled" };
type Code = Generator<void, number, void>;

/**
 * Drops running code: thrown in where it waits, so that every `finally` runs and nothing else does. Not `return()`:
 * behind a `finally` that waits, an outer generator would go on as if nothing had happened.
 */
const DROP: unique symbol = Symbol("dropped");

function close(code: Code): IteratorResult<void, number> {
  try {
    return code.throw(DROP);
  } catch (error) {
    if (error === DROP) return { done: true, value: 0 };
    throw error;
  }
}

class Cancelled extends Error {
  readonly task: number;
  constructor(task: number) {
    super(`task ${task} was cancelled`);
    this.task = task;
  }
}

/** Who waits for a task. */
interface Joiner {
  ended(task: ModelTask): void;
}

class ModelTask implements Joiner {
  readonly id: number;
  readonly code: Code;
  readonly #model: Reference;
  readonly joiners: Set<Joiner> = new Set();
  result: Result | null = null;
  queued = false;
  #aborting = false;
  #closing = false;

  constructor(model: Reference, strand: Strand) {
    this.id = strand.id;
    this.#model = model;
    this.code = runStrand<void>(model, strand);
  }

  wake(): void {
    if (this.queued || this.result !== null) return;
    this.queued = true;
    this.#model.schedule(this);
  }

  abort(): void {
    if (this.result !== null) return;
    this.#aborting = true;
    this.wake();
  }

  run(): void {
    this.queued = false;
    if (this.result !== null) return;
    if (!this.#aborting) this.#resume(() => this.code.next());
    // Also when the cleanup asks for it again: each abort takes effect where the task suspends.
    while (this.#aborting && this.result === null) this.#cancel();
  }

  #cancel(): void {
    const again = this.#closing;
    this.#aborting = false;
    this.#closing = true;
    this.#resume(() => close(this.code));
    if (again) while (this.result === null) this.#resume(() => close(this.code));
  }

  #resume(step: () => IteratorResult<void, number>): void {
    try {
      const { done, value } = step();
      if (done === true) this.#end(this.#closing ? { kind: "cancelled" } : { kind: "value", value });
    } catch (error) {
      this.#end(error === DROP ? { kind: "cancelled" } : { kind: "error", value: error });
    }
  }

  #end(result: Result): void {
    this.result = result;
    if (this.joiners.size > 1) this.#model.stop();
    for (const joiner of this.joiners) joiner.ended(this);
    this.joiners.clear();
  }

  ended(): void {
    this.wake();
  }

  take(): number {
    const result = this.result as Result;
    if (result.kind === "cancelled") throw new Cancelled(this.id);
    if (result.kind === "error") throw result.value;
    return result.value as number;
  }
}

/** What is polled until it is ready, and dropped when its task is closed before. */
class Operation<R> implements Step<void, R> {
  readonly #poll: () => Poll<R>;
  readonly #drop: () => void;

  constructor(poll: () => Poll<R>, drop: () => void) {
    this.#poll = poll;
    this.#drop = drop;
  }

  *[Symbol.iterator](): Generator<void, R, void> {
    let over = true;
    try {
      for (;;) {
        const value = this.#poll();
        if (value !== PENDING) return value;
        over = false;
        yield;
        over = true;
      }
    } finally {
      if (!over) this.#drop();
    }
  }
}

export class Reference implements Host<void> {
  readonly trace: Trace = new Trace();
  readonly waits: Waits = new Waits();
  /** How many events of the trace are sure; all of them unless the order was left open. */
  known: number = Infinity;
  readonly #tasks = new Map<Strand, ModelTask>();
  /** First come, first served, whoever woke them. */
  readonly #ready: ModelTask[] = [];
  #current: ModelTask | null = null;

  /** From here on the order is not promised. */
  stop(): void {
    this.known = Math.min(this.known, this.trace.events.length);
  }

  get isStopped(): boolean {
    return this.known !== Infinity;
  }

  schedule(task: ModelTask): void {
    this.#ready.push(task);
  }

  runUntilIdle(): void {
    while (!this.isStopped) {
      const task = this.#ready.shift();
      if (task === undefined) return;
      this.#current = task;
      task.run();
      this.#current = null;
    }
  }

  /** What `await handle` gives. */
  resultOf(task: Strand): string | undefined {
    const result = this.#tasks.get(task)?.result;
    if (result == null) return undefined;
    if (result.kind === "value") return `value ${String(result.value)}`;
    return this.explain(result.kind === "error" ? result.value : new Cancelled(task.id));
  }

  // --- what programs ask for ---

  log(key: string, info?: string): void {
    this.trace.log(key, info);
  }

  yieldNow(): Step<void, void> {
    const task = this.#task;
    let yielded = false;
    return new Operation<void>(
      () => {
        if (yielded) return undefined;
        yielded = true;
        task.wake();
        return PENDING;
      },
      () => {},
    );
  }

  wait(id: number): Step<void, void> {
    const task = this.#task;
    return new Operation<void>(
      () => this.waits.poll(id, task),
      () => this.waits.drop(id),
    );
  }

  fire(id: number): void {
    this.waits.end(id, "completed");
  }

  spawn(strand: Strand): void {
    this.start(strand);
  }

  start(strand: Strand): ModelTask {
    const task = new ModelTask(this, strand);
    this.#tasks.set(strand, task);
    task.wake();
    return task;
  }

  isSpawned(task: Strand): boolean {
    return this.#tasks.has(task);
  }

  isAlive(task: Strand): boolean {
    return this.#tasks.get(task)?.result === null;
  }

  abort(task: Strand): void {
    this.#tasks.get(task)?.abort();
  }

  detach(): void {}

  join(strand: Strand): Step<void, number> {
    const joined = this.#tasks.get(strand) as ModelTask; // asked before
    const task = this.#task;
    // Each wait counts, also two of one task.
    const joiner: Joiner = { ended: () => task.wake() };
    return new Operation<number>(
      () => {
        if (joined.result !== null) return joined.take();
        joined.joiners.add(joiner);
        return PENDING;
      },
      () => void joined.joiners.delete(joiner),
    );
  }

  race(node: RaceNode): Step<void, "a" | "b"> {
    const a = new Branch(this, node.a);
    const b = new Branch(this, node.b);
    return new Operation<"a" | "b">(
      () => (a.endsBefore(b) ? "a" : b.endsBefore(a) ? "b" : PENDING),
      () => {
        try {
          a.drop();
        } finally {
          b.drop();
        }
      },
    );
  }

  set(): SetHost<void> {
    return new ModelSet(this, () => this.#task);
  }

  explain(error: unknown): string | undefined {
    if (error instanceof ProgramError) return `error ${error.id}`;
    return error instanceof Cancelled ? `cancelled ${error.task}` : undefined;
  }

  get #task(): ModelTask {
    return this.#current as ModelTask; // programs run in tasks only
  }
}

class Branch {
  readonly #model: Reference;
  readonly #code: Code;
  #state: "new" | "running" | "over" = "new";

  constructor(model: Reference, strand: Strand) {
    this.#model = model;
    this.#code = runStrand<void>(model, strand);
  }

  endsBefore(other: Branch): boolean {
    this.#state = "over"; // also when it fails
    try {
      if (this.#code.next().done !== true) this.#state = "running";
    } finally {
      if (this.#state === "over") other.drop();
    }
    return this.#state === "over";
  }

  drop(): void {
    const wasRunning = this.#state === "running";
    this.#state = "over";
    if (close(this.#code).done !== true && wasRunning) this.#model.stop();
  }
}

class ModelSet implements SetHost<void>, Joiner {
  readonly #model: Reference;
  readonly #current: () => ModelTask;
  readonly #members: ModelTask[] = [];
  #running: ModelTask[] = [];
  #ended: ModelTask[] = [];
  #waiting: ModelTask | null = null;

  constructor(model: Reference, current: () => ModelTask) {
    this.#model = model;
    this.#current = current;
  }

  spawn(strand: Strand): void {
    const task = this.#model.start(strand);
    task.joiners.add(this);
    this.#members.push(task);
    this.#running.push(task);
  }

  ended(task: ModelTask): void {
    this.#running = this.#running.filter((it) => it !== task);
    this.#ended.push(task);
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.wake();
  }

  abort(member: number): void {
    this.#members[member]?.abort();
  }

  abortAll(): void {
    for (const task of this.#running) task.abort();
  }

  detachAll(): void {
    for (const task of this.#running) task.joiners.delete(this);
    this.#running = [];
    this.#ended = [];
  }

  tryNext(): number | undefined {
    return this.#ended.shift()?.take();
  }

  next(): Step<void, number | undefined> {
    return this.#operation(() => this.#pollNext());
  }

  joinAll(): Step<void, number[]> {
    const values: number[] = [];
    return this.#operation(() => {
      for (;;) {
        try {
          const value = this.#pollNext();
          if (value === PENDING) return PENDING;
          if (value === undefined) return values;
          values.push(value);
        } catch (error) {
          this.drop();
          throw error;
        }
      }
    });
  }

  shutdown(): Step<void, void> {
    let started = false;
    return this.#operation(() => {
      if (!started) this.abortAll();
      started = true;
      for (;;) {
        try {
          const value = this.#pollNext();
          if (value === PENDING) return PENDING;
          if (value === undefined) return undefined;
        } catch {
          // of no interest here
        }
      }
    });
  }

  drop(): void {
    this.abortAll();
    this.detachAll();
  }

  #pollNext(): Poll<number | undefined> {
    if (this.#ended.length > 0) return this.tryNext();
    if (this.#running.length === 0) return undefined;
    this.#waiting = this.#current();
    return PENDING;
  }

  #operation<R>(poll: () => Poll<R>): Step<void, R> {
    return new Operation<R>(poll, () => (this.#waiting = null));
  }
}
