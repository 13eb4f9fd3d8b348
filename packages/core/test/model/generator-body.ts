/** Runs a program's statements in a generator: on the reference, and in the generator lane. */
import type { Host, SetHost } from "./host.ts";
import type { FinallyNode, Node, RaceNode, SetNode, SetShape, Strand, TaskNode } from "./program.ts";
import { ProgramError } from "./trace.ts";

type Body<Y, R = void> = Generator<Y, R, void>;

export function* runStrand<Y>(host: Host<Y>, strand: Strand): Body<Y, number> {
  host.log(`${strand.id} enter`);
  yield* runBlock(host, strand.body);
  host.log(`${strand.id} return`);
  return strand.id;
}

function* runBlock<Y>(host: Host<Y>, nodes: readonly Node[]): Body<Y> {
  for (const node of nodes) yield* runNode(host, node);
}

function* runNode<Y>(host: Host<Y>, node: Node): Body<Y> {
  const { id } = node;
  switch (node.kind) {
    case "note":
      host.log(`${id} note`);
      break;
    case "yield":
      host.log(`${id} begin`);
      yield* host.yieldNow();
      host.log(`${id} end`);
      break;
    case "wait":
      yield* wait(host, id);
      break;
    case "fail":
      host.log(`${id} fail`);
      throw new ProgramError(id);
    case "fire":
      host.log(`${id} fire`);
      if (node.wait !== null) host.fire(node.wait);
      break;
    case "spawn":
      host.log(`${id} spawn`);
      host.spawn(node.task);
      break;
    case "abort":
      abort(host, node);
      break;
    case "detach":
      host.log(`${id} detach`);
      if (host.isSpawned(node.task)) host.detach(node.task);
      break;
    case "join":
      yield* join(host, node);
      break;
    case "finally":
      yield* runFinally(host, node);
      break;
    case "race":
      yield* race(host, node);
      break;
    case "set":
      yield* runSet(host, node);
      break;
  }
}

export function abort(
  host: Pick<Host<unknown>, "abort" | "isAlive" | "log">,
  { id, task }: Pick<TaskNode, "id" | "task">,
): void {
  const alive = host.isAlive(task);
  host.log(`${id} abort`, alive ? "sent" : "none");
  if (alive) host.abort(task);
}

function* wait<Y>(host: Host<Y>, id: number): Body<Y> {
  host.log(`${id} begin`);
  try {
    yield* host.wait(id);
  } catch (error) {
    if (host.explain(error) !== undefined) host.log(`${id} broken`);
    throw error;
  }
  host.log(`${id} end`);
}

function* join<Y>(host: Host<Y>, { id, task }: TaskNode): Body<Y> {
  const spawned = host.isSpawned(task);
  host.log(`${id} begin`, spawned ? "" : "none");
  if (!spawned) return;
  let answer: string | undefined;
  try {
    answer = `value ${yield* host.join(task)}`;
  } catch (error) {
    answer = host.explain(error);
    if (answer === undefined) throw error;
  }
  host.log(`${id} answer`, answer);
}

function* runFinally<Y>(host: Host<Y>, { id, body, cleanup }: FinallyNode): Body<Y> {
  host.log(`${id} try`);
  try {
    yield* runBlock(host, body);
  } finally {
    host.log(`${id} finally`);
    yield* runBlock(host, cleanup);
    host.log(`${id} finally-end`);
  }
}

function* race<Y>(host: Host<Y>, node: RaceNode): Body<Y> {
  host.log(`${node.id} begin`);
  let winner: "a" | "b";
  try {
    winner = yield* host.race(node);
  } catch (error) {
    const text = host.explain(error);
    if (text !== undefined) host.log(`${node.id} lost`, text);
    throw error;
  }
  host.log(`${node.id} won`, winner);
}

function* runSet<Y>(host: Host<Y>, node: SetNode): Body<Y> {
  host.log(`${node.id} begin`);
  const set = host.set(node);
  try {
    for (const member of node.members) {
      host.log(`${member.id} member`);
      set.spawn(member);
    }
    for (const [i, op] of node.ops.entries()) yield* runOp(host, set, op, `${node.id}.${i}`);
  } finally {
    host.log(`${node.id} drop`);
    set.drop();
  }
}

function* runOp<Y>(host: Host<Y>, set: SetHost<Y>, op: SetShape, key: string): Body<Y> {
  host.log(`${key} begin`, op.kind);
  let answer = "";
  try {
    switch (op.kind) {
      case "next":
        answer = joined(yield* set.next());
        break;
      case "tryNext":
        answer = joined(set.tryNext());
        break;
      case "joinAll":
        answer = (yield* set.joinAll()).map((value) => `value ${value}`).join(" ");
        break;
      case "shutdown":
        yield* set.shutdown();
        break;
      case "yield":
        yield* host.yieldNow();
        break;
      case "abort":
        set.abort(op.member);
        break;
      case "abortAll":
        set.abortAll();
        break;
      case "detachAll":
        set.detachAll();
        break;
    }
  } catch (error) {
    const text = host.explain(error);
    if (text === undefined) throw error;
    answer = text;
  }
  host.log(`${key} end`, answer);
}

export function joined(value: number | undefined): string {
  return value === undefined ? "empty" : `value ${value}`;
}
