/** Task-local values as a chain of immutable nodes: entering a scope adds one in front, leaving it takes it off. */
import type { TaskLocal } from "../task-local.ts";
import { currentScope, realm } from "./realm.ts";

export interface LocalsNode {
  readonly key: TaskLocal<unknown>;
  readonly cell: Cell;
  readonly next: LocalsNode | null;
}

/** Holds one scope's value, or nothing once it was taken. */
export interface Cell {
  value: unknown;
  filled: boolean;
  /** Set while the value is lent to a callback. */
  lent: boolean;
}

/** The chain that the code running now can see. */
export function visibleLocals(): LocalsNode | null {
  if (realm.now.task !== null || realm.locals !== null) return realm.locals;
  return currentScope()?._locals ?? null;
}

export function findCell(key: TaskLocal<unknown>): Cell | null {
  for (let node = visibleLocals(); node !== null; node = node.next) {
    if (node.key === key) return node.cell.filled ? node.cell : null;
  }
  return null;
}
