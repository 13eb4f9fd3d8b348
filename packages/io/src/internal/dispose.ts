/** Wrappers own what they wrap, as far as disposal goes: who holds the outermost one holds all. */

/** Disposes of what can be disposed of. */
export function dispose(io: object): void {
  (io as Partial<Disposable>)[Symbol.dispose]?.();
}
