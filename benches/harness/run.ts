/**
 * Runs one case: warms every contestant up in its own process, then takes samples in rounds.
 *
 * A round takes one sample of each contestant, one after the other, so that a slow minute of the machine hits all of
 * them alike. Only one process works at a time.
 */

import type { Case } from "./case.ts";
import { Child } from "./child.ts";
import type { Command, Entrant } from "./contestants.ts";
import { type Summary, summarize } from "./stats.ts";

export interface RunOptions {
  readonly rounds: number;
  /** What a sample should take at least. */
  readonly sampleMs: number;
}

/** Metric name to summary. */
export type Cell = Readonly<Record<string, Summary>>;

export interface CaseResult {
  readonly case: Case;
  /** By contestant's name, in the order of the tables. */
  readonly cells: ReadonlyMap<string, Cell>;
  readonly failures: ReadonlyMap<string, string>;
}

export interface Starter {
  readonly entrant: Entrant;
  readonly command: Command;
}

/** Warm-up ends when the best time has not improved by this much within {@link STEADY_SAMPLES} samples. */
const STEADY = 0.98;
const STEADY_SAMPLES = 10;
/**
 * And not before V8 has had the time to compile what is called once a sample: `sleep/create-poll-drop` stands at 84 ns
 * for a second, and then at 57.
 */
const COMPILED_MS = 2_000;
/** Arbitrary: a contestant that has not settled by then never will. */
const WARM_UP_MS = 6_000;

export async function runCase(
  definition: Case,
  starters: readonly Starter[],
  options: RunOptions,
): Promise<CaseResult> {
  const lanes = starters.map((starter) => new Lane(definition, starter, options));
  try {
    for (const lane of lanes) await lane.prepare();
    const rounds = Math.min(options.rounds, definition.rounds);
    for (let round = 0; round < rounds; round += 1) {
      for (const lane of lanes) await lane.takeSample();
    }
  } finally {
    for (const lane of lanes) lane.end();
  }
  const present = lanes.filter((lane) => lane.takesPart);
  return {
    case: definition,
    cells: new Map(
      present.filter((lane) => lane.failure === undefined).map((lane) => [lane.name, lane.cell()]),
    ),
    failures: new Map(
      present.flatMap((lane) => (lane.failure === undefined ? [] : [[lane.name, lane.failure]])),
    ),
  };
}

/** One contestant in one case. A failure ends its part and is kept; the others go on. */
class Lane {
  readonly name: string;
  failure: string | undefined;
  takesPart = true;
  readonly #case: Case;
  readonly #starter: Starter;
  readonly #options: RunOptions;
  readonly #samples: Record<string, number>[] = [];
  #child: Child | undefined;
  #ops: number;

  constructor(definition: Case, starter: Starter, options: RunOptions) {
    this.name = starter.entrant.name;
    this.#case = definition;
    this.#starter = starter;
    this.#options = options;
    this.#ops = definition.ops?.[starter.entrant.name] ?? definition.ops?.["default"] ?? definition.batch;
  }

  /** Starts the process and warms it up. */
  async prepare(): Promise<void> {
    await this.#guarded(async () => {
      this.takesPart = await this.#start();
      if (this.takesPart && !this.#case.fresh) await this.#warmUp();
    });
  }

  async takeSample(): Promise<void> {
    if (!this.takesPart || this.failure !== undefined) return;
    await this.#guarded(async () => {
      if (this.#child === undefined) await this.#start();
      this.#samples.push(await this.#measure());
      if (this.#case.fresh) this.end();
    });
  }

  end(): void {
    this.#child?.end();
    this.#child = undefined;
  }

  cell(): Cell {
    const entries = this.#case.metrics.map(({ name, more }) => {
      const values = this.#samples.map((sample) => sample[name]).filter((value) => value !== undefined);
      return [name, summarize(values, more)] as const;
    });
    return Object.fromEntries(entries.filter(([, summary]) => summary.samples.length > 0));
  }

  async #start(): Promise<boolean> {
    this.#child = new Child(this.#starter.command);
    return await this.#child.load(this.#case.name, this.#starter.entrant.word);
  }

  /** One sample: the metrics that the contestant named, or the time per operation. */
  async #measure(): Promise<Record<string, number>> {
    if (this.#child === undefined) return {};
    const { ns, ...metrics } = await this.#child.sample(
      this.#case.name,
      this.#starter.entrant.word,
      this.#ops,
    );
    return ns === undefined ? metrics : { time: ns / this.#ops };
  }

  /** Finds how many operations fill a sample, and goes on until the best time stands still. */
  async #warmUp(): Promise<void> {
    const start = performance.now();
    const earliest = start + (this.#starter.entrant.kind === "tokio" ? 0 : COMPILED_MS);
    const deadline = start + WARM_UP_MS;
    let best = Number.POSITIVE_INFINITY;
    let steady = 0;
    let samples = 0;
    for (;;) {
      const now = performance.now();
      if (now >= deadline || (steady >= STEADY_SAMPLES && now >= earliest)) break;
      const { time } = await this.#measure();
      samples += 1;
      if (time === undefined) {
        if (samples < this.#case.warmUps) continue;
        return; // its operations are fixed
      }
      if (time < best * STEADY) steady = 0;
      else steady += 1;
      best = Math.min(best, time);
      const batches = Math.ceil((this.#options.sampleMs * 1e6) / (best * this.#case.batch));
      this.#ops = this.#case.batch * Math.max(1, batches);
    }
  }

  async #guarded(action: () => Promise<void>): Promise<void> {
    try {
      await action();
    } catch (error) {
      this.failure = error instanceof Error ? error.message : String(error);
      this.end();
    }
  }
}
