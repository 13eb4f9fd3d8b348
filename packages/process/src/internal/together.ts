/** Three operations at once. */
import { Future, PENDING, type Context, type Poll } from "@rt/core";
import { waitOf } from "@rt/core/driver";

/** One of them. */
class Part<T> {
  readonly future: Future<T>;
  value: Poll<T> = PENDING;
  constructor(future: Future<T>) {
    this.future = future;
  }
  /** True when the value is there. */
  poll(cx: Context): boolean {
    if (this.value === PENDING) this.value = this.future.poll(cx);
    return this.value !== PENDING;
  }
}

/** Waits for all of them; fails with the first that fails. */
export class Together<A, B, C> extends Future<[A, B, C]> {
  readonly #a: Part<A>;
  readonly #b: Part<B>;
  readonly #c: Part<C>;

  constructor(a: Future<A>, b: Future<B>, c: Future<C>) {
    super();
    this.#a = new Part(a);
    this.#b = new Part(b);
    this.#c = new Part(c);
  }

  override poll(cx: Context): Poll<[A, B, C]> {
    const [a, b, c] = [this.#a, this.#b, this.#c];
    let done: boolean[];
    try {
      done = [a.poll(cx), b.poll(cx), c.poll(cx)];
    } catch (error) {
      // Nobody drops what has failed, and the others still wait.
      this.drop();
      throw error;
    }
    // Their values are there then.
    return done.includes(false) ? PENDING : [a.value as A, b.value as B, c.value as C];
  }

  override drop(): void {
    for (const part of [this.#a, this.#b, this.#c]) part.future.drop();
  }

  override describe(): string {
    const parts = [this.#a, this.#b, this.#c].filter((part) => part.value === PENDING);
    return parts.map((part) => waitOf(part.future)).join(" and ");
  }
}
