/**
 * When keys expire.
 *
 * Invariants:
 *  1. `#of` tells the deadline of each key that has one.
 *  2. The heap holds an entry for each of those; besides, entries that were overtaken by a later word about their key,
 *     but no more of them than about as many again.
 */

interface Entry {
  readonly at: number;
  readonly key: string;
}

/** So many overtaken entries are not worth a rebuild. Arbitrary. */
const SLACK = 64;

export class Deadlines {
  readonly #of = new Map<string, number>();
  #heap: Entry[] = [];

  get size(): number {
    return this.#of.size;
  }

  get(key: string): number | undefined {
    return this.#of.get(key);
  }

  set(key: string, at: number): void {
    this.#of.set(key, at);
    this.#heap.push({ at, key });
    this.#rise(this.#heap.length - 1);
    if (this.#heap.length > 2 * this.#of.size + SLACK) this.#rebuild();
  }

  delete(key: string): void {
    this.#of.delete(key);
  }

  clear(): void {
    this.#of.clear();
    this.#heap = [];
  }

  /** The next deadline; `undefined` when there is none. */
  earliest(): number | undefined {
    for (let first = this.#heap[0]; first !== undefined; first = this.#heap[0]) {
      if (this.#of.get(first.key) === first.at) return first.at;
      this.#removeFirst();
    }
    return undefined;
  }

  /** Takes out a key whose deadline has come; `undefined` when there is none. */
  takeDue(now: number): string | undefined {
    const at = this.earliest();
    if (at === undefined || at > now) return undefined;
    const { key } = this.#heap[0] as Entry; // it has the deadline just found
    this.#removeFirst();
    this.#of.delete(key);
    return key;
  }

  #rebuild(): void {
    this.#heap = Array.from(this.#of, ([key, at]) => ({ at, key })).toSorted((a, b) => a.at - b.at);
  }

  #rise(index: number): void {
    const heap = this.#heap;
    const entry = heap[index] as Entry;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent] as Entry;
      if (above.at <= entry.at) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = entry;
  }

  #removeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop() as Entry;
    if (heap.length === 0) return;
    let index = 0;
    for (let child = 1; child < heap.length; child = 2 * index + 1) {
      if (child + 1 < heap.length && (heap[child + 1] as Entry).at < (heap[child] as Entry).at) child += 1;
      const below = heap[child] as Entry;
      if (below.at >= last.at) break;
      heap[index] = below;
      index = child;
    }
    heap[index] = last;
  }
}
