/**
 * Looks at what a program did, and says what could not have been.
 *
 * It walks through each strand's statements along its events. Where a strand does not go on behind a statement that
 * waits, it must have been dropped there, and somebody must have asked for that before: an abort, a lost race, the
 * end of its set, the shutdown. It knows nothing of the order between strands but what causes what.
 */
import {
  nodesOf,
  type FinallyNode,
  type Node,
  type Program,
  type RaceNode,
  type SetNode,
  type Strand,
  type TaskNode,
} from "./program.ts";
import { OUTSIDE, type Event } from "./trace.ts";

type Exit = { readonly kind: "done" | "dropped" } | { readonly kind: "error"; readonly info: string };

const DONE: Exit = { kind: "done" };
const DROPPED: Exit = { kind: "dropped" };
/** Asking twice ends even a cleanup, and all that follows from it. */
const KILLED = 2;

interface Walk {
  readonly strand: Strand;
  readonly events: readonly number[];
  next: number;
  /** How often it was dropped, with the strands around it. */
  drops: number;
}

interface Claim {
  readonly strand: Strand;
  /** Somebody must have asked for `count` drops before the event `before`. */
  readonly before: number;
  readonly count: number;
}

/** A moment at which nothing was ready any more. */
export interface Idle {
  /** Events before it. */
  readonly at: number;
  readonly alive: ReadonlySet<Strand>;
}

export interface Run {
  readonly idles: readonly Idle[];
  readonly program: Program;
  readonly events: readonly Event[];
  /** What `await handle` gave, for each task that has one. */
  readonly results: ReadonlyMap<Strand, string>;
  readonly lane: "generator" | "async";
}

/** One line for each thing that is wrong; none when all is well. */
export function check(run: Run): string[] {
  return new Checker(run).check();
}

class Checker {
  readonly #run: Run;
  readonly #events: readonly Event[];
  readonly #problems: string[] = [];
  readonly #index = new Map<string, number>();
  readonly #strandEvents = new Map<Strand, number[]>();
  readonly #exits = new Map<Strand, Exit>();
  readonly #claims: Claim[] = [];
  /** When tasks were asked to end, by whatever asks. */
  readonly #requests = new Map<Strand, number[]>();
  /** Of these, when somebody called `abort` for this very task. */
  readonly #aborts = new Map<Strand, number[]>();
  /** When tasks were aborted while everything was idle. */
  readonly #idleAborts = new Map<Strand, number[]>();
  readonly #ended = new Map<number, number>();
  readonly #broken = new Map<number, number>();

  constructor(run: Run) {
    this.#run = run;
    this.#events = run.events;
  }

  check(): string[] {
    const { program } = this.#run;
    this.#sort();
    for (const task of program.tasks) this.#walk(task, 0);
    for (const task of program.tasks) this.#checkStart(task);
    for (const claim of this.#claims) this.#checkClaim(claim);
    for (const [task, result] of this.#run.results) this.#checkResult(task, result);
    return this.#problems;
  }

  // --- who did what when ---

  #sort(): void {
    const byId = new Map<number, Strand>();
    for (const strand of this.#run.program.strands) {
      this.#strandEvents.set(strand, []);
      byId.set(strand.id, strand);
      for (const node of nodesOf(strand.body)) byId.set(node.id, strand);
    }
    for (const [i, { key, info }] of this.#events.entries()) {
      if (key === OUTSIDE) {
        this.#sortOutside(i, info);
        continue;
      }
      if (this.#index.has(key)) this.#problem(`"${key}" happened twice`);
      this.#index.set(key, i);
      const strand = byId.get(Number.parseInt(key, 10));
      // That a set spawns a member is the set's event, not the member's.
      const owner = key.endsWith(" member") ? byId.get(strand?.set?.id ?? -1) : strand;
      if (owner !== undefined) (this.#strandEvents.get(owner) as number[]).push(i);
    }
    for (const strand of this.#run.program.strands)
      for (const node of nodesOf(strand.body)) this.#sortRequests(node);
  }

  #sortOutside(i: number, info: string): void {
    const [word, id] = info.split(" ");
    const { tasks } = this.#run.program;
    if (word === "complete") setFirst(this.#ended, Number(id), i);
    else if (word === "break") setFirst(this.#broken, Number(id), i);
    else if (word === "abort") {
      const task = tasks.find((it) => it.id === Number(id));
      if (task === undefined) return;
      for (const map of [this.#requests, this.#aborts, this.#idleAborts]) add(map, task, i);
    } else for (const task of tasks) add(this.#requests, task, i, ...(word === "kill" ? [i] : []));
  }

  #sortRequests(node: Node): void {
    if (node.kind === "fire") {
      const at = this.#index.get(`${node.id} fire`);
      if (at !== undefined && node.wait !== null) setFirst(this.#ended, node.wait, at);
    } else if (node.kind === "abort") {
      const at = this.#index.get(`${node.id} abort`);
      if (at === undefined || this.#events[at]?.info !== "sent") return;
      for (const map of [this.#requests, this.#aborts]) add(map, node.task, at);
    } else if (node.kind === "set") {
      const asking = node.ops.map((op, i) => ({ op, at: this.#index.get(`${node.id}.${i} begin`) }));
      for (const [i, member] of node.members.entries()) {
        for (const { op, at } of asking) {
          if (at === undefined) continue;
          const all = op.kind === "abortAll" || op.kind === "shutdown" || op.kind === "joinAll";
          if (all || (op.kind === "abort" && op.member === i)) add(this.#requests, member, at);
        }
        const dropped = this.#index.get(`${node.id} drop`);
        if (dropped !== undefined) add(this.#requests, member, dropped);
      }
    }
  }

  // --- one strand ---

  #walk(strand: Strand, drops: number): Exit {
    const walk: Walk = { strand, events: this.#strandEvents.get(strand) ?? [], next: 0, drops };
    let exit = DROPPED;
    if (walk.events.length > 0) {
      this.#expect(walk, `${strand.id} enter`);
      exit = this.#block(walk, strand.body);
      if (exit.kind === "done") this.#expect(walk, `${strand.id} return`);
      const extra = this.#peek(walk);
      if (extra !== null) this.#problem(`strand ${strand.id} went on with "${extra.key}" behind its end`);
    } else if (strand.race !== null || this.#index.has(spawnKey(strand))) {
      this.#claims.push({ strand, before: this.#events.length, count: Math.min(drops + 1, KILLED) });
    }
    this.#exits.set(strand, exit);
    return exit;
  }

  #block(walk: Walk, nodes: readonly Node[]): Exit {
    for (const node of nodes) {
      const exit = this.#node(walk, node);
      if (exit.kind !== "done") return exit;
    }
    return DONE;
  }

  #node(walk: Walk, node: Node): Exit {
    const { id } = node;
    switch (node.kind) {
      case "note":
      case "fire":
      case "spawn":
      case "abort":
      case "detach":
        this.#expect(walk, `${id} ${node.kind}`);
        return DONE;
      case "fail":
        this.#expect(walk, `${id} fail`);
        return { kind: "error", info: `error ${id}` };
      case "yield": {
        const begin = this.#expect(walk, `${id} begin`);
        const end = this.#take(walk, `${id} end`);
        this.#checkStuck(walk, begin, end, () => true);
        if (end === null) return this.#drop(walk);
        this.#checkSuspension(walk, begin, end, true);
        return DONE;
      }
      case "wait":
        return this.#wait(walk, id);
      case "join":
        return this.#join(walk, node);
      case "finally":
        return this.#finally(walk, node);
      case "race":
        return this.#race(walk, node);
      case "set":
        break;
    }
    return this.#set(walk, node);
  }

  #wait(walk: Walk, id: number): Exit {
    const begin = this.#expect(walk, `${id} begin`);
    const end = this.#take(walk, `${id} end`);
    const due = Math.min(this.#ended.get(id) ?? Infinity, this.#broken.get(id) ?? Infinity);
    if (this.#peek(walk)?.key !== `${id} broken`) this.#checkStuck(walk, begin, end, ({ at }) => due < at);
    if (end !== null) {
      this.#checkSuspension(walk, begin, end, false);
      if (!(Number(this.#ended.get(id)) < end)) this.#problem(`wait ${id} ended before its event had come`);
      return DONE;
    }
    const broken = this.#take(walk, `${id} broken`);
    if (broken === null) return this.#drop(walk);
    this.#checkSuspension(walk, begin, broken, false);
    if (!(Number(this.#broken.get(id)) < broken)) this.#problem(`wait ${id} failed before it was broken`);
    return { kind: "error", info: `error ${id}` };
  }

  #join(walk: Walk, { id, task }: TaskNode): Exit {
    const begin = this.#expect(walk, `${id} begin`);
    const spawned = this.#index.get(spawnKey(task)) ?? (this.#isRoot(task) ? -1 : Infinity);
    if (this.#events[begin]?.info === "none") {
      if (spawned < begin) this.#problem(`join ${id} did not find task ${task.id}`);
      return DONE;
    }
    const answer = this.#take(walk, `${id} answer`);
    this.#checkStuck(walk, begin, answer, ({ alive }) => !alive.has(task));
    if (answer === null) return this.#drop(walk);
    this.#checkSuspension(walk, begin, answer, false);
    const result = this.#run.results.get(task) ?? "nothing";
    const given = this.#events[answer]?.info;
    if (given !== result)
      this.#problem(`join ${id} gave "${given}" where task ${task.id} ended with "${result}"`);
    this.#checkEnded(task, answer);
    return DONE;
  }

  /** A task is joined only when all of its code has run, unless its cleanup was given up. */
  #checkEnded(task: Strand, joined: number): void {
    if (this.#countRequests(task, joined) >= KILLED) return;
    for (const strand of this.#run.program.strands) {
      if (strand.task !== task) continue;
      const last = (this.#strandEvents.get(strand) as number[]).at(-1) ?? -1;
      if (last > joined) {
        this.#problem(
          `task ${task.id} was joined before "${this.#events[last]?.key}", while its code still ran`,
        );
      }
    }
  }

  #finally(walk: Walk, { id, body, cleanup }: FinallyNode): Exit {
    this.#expect(walk, `${id} try`);
    const exit = this.#block(walk, body);
    this.#expect(walk, `${id} finally`);
    const last = this.#block(walk, cleanup);
    if (last.kind !== "done") return last;
    this.#expect(walk, `${id} finally-end`);
    return exit;
  }

  #race(walk: Walk, node: RaceNode): Exit {
    const begin = this.#expect(walk, `${node.id} begin`);
    const won = this.#take(walk, `${node.id} won`);
    const lost = won === null ? this.#take(walk, `${node.id} lost`) : null;
    const a = this.#walk(node.a, walk.drops);
    const b = this.#walk(node.b, walk.drops);
    if (won !== null) {
      this.#checkSuspension(walk, begin, won, false);
      const winner = this.#events[won]?.info === "a" ? node.a : node.b;
      if (this.#exits.get(winner)?.kind !== "done")
        this.#problem(`race ${node.id} was won by a branch that did not end`);
      return DONE;
    }
    if (lost === null) return this.#drop(walk);
    const info = this.#events[lost]?.info ?? "";
    const causes = [a, b].map((exit) => (exit.kind === "error" ? exit.info : ""));
    if (!causes.includes(info)) this.#problem(`race ${node.id} threw "${info}", which is no branch's error`);
    return { kind: "error", info };
  }

  #set(walk: Walk, node: SetNode): Exit {
    this.#expect(walk, `${node.id} begin`);
    for (const member of node.members) this.#expect(walk, `${member.id} member`);
    let exit = DONE;
    for (const [i] of node.ops.entries()) {
      const begin = this.#expect(walk, `${node.id}.${i} begin`);
      const end = this.#take(walk, `${node.id}.${i} end`);
      this.#checkStuck(walk, begin, end, ({ alive }) => node.members.every((member) => !alive.has(member)));
      if (end === null) {
        exit = this.#drop(walk);
        break;
      }
      this.#checkSuspension(walk, begin, end, false);
      for (const id of (this.#events[end]?.info ?? "").matchAll(/\d+/g)) {
        const joined = node.members.find((member) => member.id === Number(id[0]));
        if (joined !== undefined) this.#checkEnded(joined, end);
      }
    }
    this.#expect(walk, `${node.id} drop`);
    return exit;
  }

  /** A wait that was due while everything was idle has lost its wake. */
  #checkStuck(walk: Walk, begin: number, end: number | null, isDue: (idle: Idle) => boolean): void {
    const { task, race } = walk.strand;
    // A dropped branch leaves no trace of when that was.
    if (end === null && race !== null) return;
    const until = end ?? Math.min(...(this.#requests.get(task) ?? []), this.#events.length);
    for (const idle of this.#run.idles) {
      if (
        begin >= idle.at ||
        idle.at > until ||
        (end === null && idle.at === this.#events.length) ||
        !isDue(idle)
      )
        continue;
      this.#problem(
        `"${this.#events[begin]?.key}" was due, and everything idle at event ${idle.at}: a wake was lost`,
      );
      return;
    }
  }

  // --- drops ---

  #drop(walk: Walk): Exit {
    walk.drops += 1;
    const before = walk.events[walk.next] ?? this.#events.length;
    this.#claims.push({ strand: walk.strand, before, count: Math.min(walk.drops, KILLED) });
    return DROPPED;
  }

  /** A wait that went on normally, though somebody had asked for its task to end. */
  #checkSuspension(walk: Walk, begin: number, end: number, suspends: boolean): void {
    if (walk.drops > 0) return; // cleanup goes on
    const { task } = walk.strand;
    const early = this.#aborts.get(task)?.some((at) => at < begin) === true;
    if (early && suspends)
      this.#problem(`task ${task.id} went on with "${this.#events[end]?.key}" after its abort`);
    const idle = this.#idleAborts.get(task)?.some((at) => begin < at && at < end) === true;
    if (idle) this.#problem(`task ${task.id} went on with "${this.#events[end]?.key}", where it was aborted`);
  }

  #checkClaim({ strand, before, count }: Claim): void {
    if (this.#countRequests(strand, before) >= count) return;
    this.#problem(`strand ${strand.id} was dropped before event ${before}, and nobody had asked for it`);
  }

  #countRequests(strand: Strand, before: number): number {
    let count = (this.#requests.get(strand.task) ?? []).filter((at) => at < before).length;
    for (let it = strand; it.race !== null; it = it.race.outer) {
      const rival = it.race.rival();
      const exit = this.#exits.get(rival);
      const last = (this.#strandEvents.get(rival) as number[]).at(-1);
      if (exit !== undefined && exit.kind !== "dropped" && last !== undefined && last < before) count += 1;
    }
    return count;
  }

  // --- tasks ---

  #checkStart(task: Strand): void {
    const entered = this.#index.get(`${task.id} enter`);
    if (entered === undefined || this.#isRoot(task)) return;
    const spawned = this.#index.get(spawnKey(task));
    if (spawned === undefined || spawned > entered)
      this.#problem(`task ${task.id} ran before it was spawned`);
  }

  #checkResult(task: Strand, result: string): void {
    const exit = this.#exits.get(task) ?? DROPPED;
    const asked = this.#countRequests(task, this.#events.length);
    const expected =
      exit.kind === "done" ? `value ${task.id}` : exit.kind === "error" ? exit.info : `cancelled ${task.id}`;
    if (result === expected) return;
    // An async function's last statement is not yet its end: a drop may come between, or cut its cleanup short.
    const late = this.#run.lane === "async" && asked >= (exit.kind === "done" ? 1 : KILLED);
    if (late && result === `cancelled ${task.id}`) return;
    this.#problem(`task ${task.id} ended with "${result}" instead of "${expected}"`);
  }

  #isRoot(task: Strand): boolean {
    return this.#run.program.roots.includes(task);
  }

  // --- events ---

  #peek(walk: Walk): Event | null {
    const at = walk.events[walk.next];
    return at === undefined ? null : (this.#events[at] as Event);
  }

  #take(walk: Walk, key: string): number | null {
    if (this.#peek(walk)?.key !== key) return null;
    const at = walk.events[walk.next] as number;
    walk.next += 1;
    return at;
  }

  #expect(walk: Walk, key: string): number {
    const at = this.#take(walk, key);
    if (at !== null) return at;
    const found = this.#peek(walk)?.key ?? "its end";
    this.#problem(`strand ${walk.strand.id} came to "${found}" instead of "${key}"`);
    return this.#events.length;
  }

  #problem(text: string): void {
    this.#problems.push(text);
  }
}

function spawnKey(task: Strand): string {
  return task.set === null ? `${task.spawnedAt} spawn` : `${task.id} member`;
}

function add<K>(map: Map<K, number[]>, key: K, ...values: number[]): void {
  map.set(key, [...(map.get(key) ?? []), ...values]);
}

function setFirst(map: Map<number, number>, key: number, value: number): void {
  map.set(key, Math.min(value, map.get(key) ?? Infinity));
}
