/** For debug mode, in which ends that are collected are taken for forgotten. */
import { debug } from "@rt/core/driver";

const kept: WeakMap<object, object> | null = debug ? new WeakMap() : null;

/** Keeps `end` from being collected as long as `wait` is there. Gives the wait. */
export function keeping<W extends object>(wait: W, end: object): W {
  kept?.set(wait, end);
  return wait;
}
