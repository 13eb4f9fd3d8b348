/** `pnpm bench [area …] [--filter text] [--rounds n] [--quick] [--no-build] [--source]`. */

import { parseArgs } from "node:util";

export interface Options {
  /** None: every area. */
  readonly areas: readonly string[];
  /** Only cases whose name contains it. */
  readonly filter: string;
  readonly rounds: number;
  readonly sampleMs: number;
  readonly build: boolean;
  /** Measures the packages' sources as they are, instead of what was built of them. */
  readonly source: boolean;
  /** Whether the run is complete enough to replace the committed results. */
  readonly keepResults: boolean;
}

/** Chosen so that a run's medians repeat within a few per cent on a shared machine. */
const ROUNDS = 9;
/** A process that has stood still for the others' samples takes some ms to run at full speed again. */
const SAMPLE_MS = 100;
const QUICK = { rounds: 5, sampleMs: 20 };

/** @throws TypeError or RangeError for arguments that mean nothing. */
export function parseOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: args.filter((arg) => arg !== "--"),
    allowPositionals: true,
    options: {
      filter: { type: "string", default: "" },
      rounds: { type: "string" },
      quick: { type: "boolean", default: false },
      "no-build": { type: "boolean", default: false },
      source: { type: "boolean", default: false },
    },
  });
  const rounds = Number(values.rounds ?? (values.quick ? QUICK.rounds : ROUNDS));
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new RangeError(`--rounds must be 1 or more, not ${values.rounds}`);
  return {
    areas: positionals,
    filter: values.filter,
    rounds,
    sampleMs: values.quick ? QUICK.sampleMs : SAMPLE_MS,
    build: !values["no-build"] && !values.source,
    source: values.source,
    keepResults: values.filter === "" && !values.quick && !values.source && rounds >= 5,
  };
}
