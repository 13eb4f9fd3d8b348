/** A bottom of the driver stack that runs when told to: everything is ready at once, in a known order. */
import type { Driver } from "@rt/core/driver";

export class ManualDriver implements Driver {
  readonly returnsFromPark = false;
  #activate: () => void = () => {};
  #due = false;

  start(activate: () => void): void {
    this.#activate = activate;
  }
  poll(): void {}
  park(): boolean {
    return false;
  }
  unpark(): void {
    this.#due = true;
  }
  turn(): boolean {
    this.#due = true;
    return false;
  }
  ref(): void {}
  unref(): void {}
  shutdown(): void {}

  runUntilIdle(): void {
    while (this.#due) {
      this.#due = false;
      this.#activate();
    }
  }
}
