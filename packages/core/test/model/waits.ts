/** The one-shot events that `wait` statements wait for: completed or broken by `fire`, or from outside. */
import { PENDING, type Poll, type Waker } from "@rt/core";
import { ProgramError } from "./trace.ts";

interface Cell {
  state: "open" | "completed" | "broken";
  /** Set exactly while somebody waits. */
  waker: Waker | null;
}

export class Waits {
  readonly #cells = new Map<number, Cell>();

  poll(id: number, waker: Waker): Poll<void> {
    const cell = this.#cell(id);
    cell.waker = cell.state === "open" ? waker : null;
    if (cell.state === "open") return PENDING;
    if (cell.state === "broken") throw new ProgramError(id);
  }

  drop(id: number): void {
    this.#cell(id).waker = null;
  }

  end(id: number, state: "completed" | "broken"): void {
    const cell = this.#cell(id);
    if (cell.state !== "open") return;
    cell.state = state;
    cell.waker?.wake();
  }

  /** Those that somebody waits for and that have not come, in order. */
  get open(): number[] {
    const open = [...this.#cells].filter(([, cell]) => cell.state === "open" && cell.waker !== null);
    return open.map(([id]) => id).toSorted((a, b) => a - b);
  }

  /** How many somebody still holds a place at. */
  get registered(): number {
    return [...this.#cells.values()].filter((cell) => cell.waker !== null).length;
  }

  #cell(id: number): Cell {
    const found = this.#cells.get(id);
    if (found !== undefined) return found;
    const made: Cell = { state: "open", waker: null };
    this.#cells.set(id, made);
    return made;
  }
}
