/** What a program needs of whoever runs it: the reference, or the runtime. */
import type { SetNode, RaceNode, Strand } from "./program.ts";

/** Something that can be waited for by `yield*`. */
export interface Step<Y, R> {
  [Symbol.iterator](): Iterator<Y, R, void>;
}

export interface Host<Y> {
  log(key: string, info?: string): void;
  yieldNow(): Step<Y, void>;
  wait(id: number): Step<Y, void>;
  fire(id: number): void;
  spawn(task: Strand): void;
  isSpawned(task: Strand): boolean;
  isAlive(task: Strand): boolean;
  abort(task: Strand): void;
  detach(task: Strand): void;
  join(task: Strand): Step<Y, number>;
  race(node: RaceNode): Step<Y, "a" | "b">;
  set(node: SetNode): SetHost<Y>;
  /** What an error says about the program; `undefined` where it only tells that this code was dropped. */
  explain(error: unknown): string | undefined;
}

export interface SetHost<Y> {
  spawn(task: Strand): void;
  abort(member: number): void;
  abortAll(): void;
  detachAll(): void;
  tryNext(): number | undefined;
  next(): Step<Y, number | undefined>;
  joinAll(): Step<Y, number[]>;
  shutdown(): Step<Y, void>;
  drop(): void;
}
