/** A future around another one: everything but `poll` goes to the inner. */
import { Future } from "../future.ts";

export abstract class Wrapper<T, R = T> extends Future<R> {
  protected readonly inner: Future<T>;

  constructor(inner: Future<T>) {
    super();
    this.inner = inner;
  }

  override drop(): void {
    this.inner.drop();
  }

  override describe(): string {
    return this.inner.describe();
  }
}
