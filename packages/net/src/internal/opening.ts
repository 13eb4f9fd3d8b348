/** Waits until a source can be used. */
import { Future, PENDING, type Context, type Poll } from "@rt/core";
import { madeProgress, pollProceed } from "@rt/core/driver";
import type { Source } from "./source.ts";

export class Opening<S extends Source> extends Future<S> {
  readonly #start: () => S;
  readonly #what: string;
  #source: S | null = null;

  /** @param what - names it: "a connection to 127.0.0.1:80". */
  constructor(start: () => S, what: string) {
    super();
    this.#start = start;
    this.#what = what;
  }

  override poll(cx: Context): Poll<S> {
    if (!pollProceed(cx)) return PENDING;
    const source = (this.#source ??= this.#start());
    try {
      if (source.pollOpen(cx) === PENDING) return PENDING;
    } catch (error) {
      this.drop();
      throw error;
    }
    madeProgress();
    this.#source = null;
    return source;
  }

  override drop(): void {
    this.#source?.close();
    this.#source = null;
  }

  override describe(): string {
    return this.#what;
  }
}
