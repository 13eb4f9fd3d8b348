/** A 1 ms timer of Node's own, armed again each time, and how much later than asked it fires. */
export class TimerProbe {
  readonly latenessMs: number[] = [];
  #timer: NodeJS.Timeout | undefined;

  start(): void {
    const armedAt = performance.now();
    this.#timer = setTimeout(() => {
      this.latenessMs.push(performance.now() - armedAt - 1);
      this.start();
    }, 1);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
