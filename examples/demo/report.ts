/** What the demo shows: its progress, and the sum of it. */
import type { Async } from "@rt/core";
import { interval } from "@rt/time";

export interface Row {
  readonly command: string;
  readonly operations: number;
  readonly "per second": number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** On a terminal one line that changes; elsewhere a line now and then. */
const IS_LIVE = process.stdout.isTTY;
const EVERY_MS = IS_LIVE ? 100 : 500;

/** Counts, and shows how far it has come. */
export class Progress {
  count = 0;
  readonly #name: string;
  readonly #start = performance.now();

  constructor(name: string) {
    this.#name = name;
  }

  /** The task that shows it. */
  *show(): Async<never> {
    const ticks = interval(EVERY_MS);
    yield* ticks.tick(); // the first comes at once
    for (;;) {
      yield* ticks.tick();
      process.stdout.write(IS_LIVE ? `\r${this.#line()}\x1b[K` : `${this.#line()}\n`);
    }
  }

  end(): void {
    process.stdout.write(`${IS_LIVE ? "\r\x1b[K" : ""}${this.#line()} done\n`);
  }

  #line(): string {
    const seconds = (performance.now() - this.#start) / 1000;
    return `${this.#name.padEnd(10)} ${this.count} commands in ${seconds.toFixed(1)} s`;
  }
}

function rounded(ms: number | undefined): number {
  return Number((ms ?? 0).toFixed(2));
}

export function summary(name: string, latencies: readonly number[], commands: number, ms: number): Row {
  const sorted = Float64Array.from(latencies).toSorted();
  const share = (part: number) =>
    rounded(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]);
  const operations = latencies.length * commands;
  return {
    command: name,
    operations,
    "per second": Math.round((operations / ms) * 1000),
    p50: share(0.5),
    p90: share(0.9),
    p99: share(0.99),
    max: rounded(sorted.at(-1)),
  };
}
