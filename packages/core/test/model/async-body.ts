/** Runs a program's statements in async functions: the async lane. The same as `generator-body.ts`, with `await`. */
import { abort, joined } from "./generator-body.ts";
import type { FinallyNode, Node, RaceNode, SetNode, SetShape, Strand, TaskNode } from "./program.ts";
import type { RuntimeHost, RuntimeSet } from "./runtime-host.ts";
import { ProgramError } from "./trace.ts";

export async function runStrandAsync(host: RuntimeHost, strand: Strand): Promise<number> {
  host.log(`${strand.id} enter`);
  await runBlock(host, strand.body);
  host.log(`${strand.id} return`);
  return strand.id;
}

async function runBlock(host: RuntimeHost, nodes: readonly Node[]): Promise<void> {
  for (const node of nodes) await runNode(host, node);
}

async function runNode(host: RuntimeHost, node: Node): Promise<void> {
  const { id } = node;
  switch (node.kind) {
    case "note":
      host.log(`${id} note`);
      break;
    case "yield":
      host.log(`${id} begin`);
      await host.yieldNow();
      host.log(`${id} end`);
      break;
    case "wait":
      await wait(host, id);
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
      await join(host, node);
      break;
    case "finally":
      await runFinally(host, node);
      break;
    case "race":
      await race(host, node);
      break;
    case "set":
      await runSet(host, node);
      break;
  }
}

async function wait(host: RuntimeHost, id: number): Promise<void> {
  host.log(`${id} begin`);
  try {
    await host.wait(id);
  } catch (error) {
    if (host.explain(error) !== undefined) host.log(`${id} broken`);
    throw error;
  }
  host.log(`${id} end`);
}

async function join(host: RuntimeHost, { id, task }: TaskNode): Promise<void> {
  const spawned = host.isSpawned(task);
  host.log(`${id} begin`, spawned ? "" : "none");
  if (!spawned) return;
  let answer: string | undefined;
  try {
    answer = `value ${await host.join(task)}`;
  } catch (error) {
    answer = host.explain(error);
    if (answer === undefined) throw error;
  }
  host.log(`${id} answer`, answer);
}

async function runFinally(host: RuntimeHost, { id, body, cleanup }: FinallyNode): Promise<void> {
  host.log(`${id} try`);
  try {
    await runBlock(host, body);
  } finally {
    host.log(`${id} finally`);
    await runBlock(host, cleanup);
    host.log(`${id} finally-end`);
  }
}

async function race(host: RuntimeHost, node: RaceNode): Promise<void> {
  host.log(`${node.id} begin`);
  let winner: "a" | "b";
  try {
    winner = await host.race(node);
  } catch (error) {
    const text = host.explain(error);
    if (text !== undefined) host.log(`${node.id} lost`, text);
    throw error;
  }
  host.log(`${node.id} won`, winner);
}

async function runSet(host: RuntimeHost, node: SetNode): Promise<void> {
  host.log(`${node.id} begin`);
  const set = host.set();
  try {
    for (const task of node.members) {
      host.log(`${task.id} member`);
      set.spawn(task);
    }
    for (const [i, op] of node.ops.entries()) await runOp(host, set, op, `${node.id}.${i}`);
  } finally {
    host.log(`${node.id} drop`);
    set.drop();
  }
}

async function runOp(host: RuntimeHost, set: RuntimeSet, op: SetShape, key: string): Promise<void> {
  host.log(`${key} begin`, op.kind);
  let answer = "";
  try {
    switch (op.kind) {
      case "next":
        answer = joined(await set.next());
        break;
      case "tryNext":
        answer = joined(set.tryNext());
        break;
      case "joinAll":
        answer = (await set.joinAll()).map((value) => `value ${value}`).join(" ");
        break;
      case "shutdown":
        await set.shutdown();
        break;
      case "yield":
        await host.yieldNow();
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
