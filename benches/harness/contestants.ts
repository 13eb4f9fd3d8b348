/** Who takes part, in the order of the tables, and how each one's process is started. */

import { join } from "node:path";
import type { TokioBinary } from "./tokio.ts";

export const GENERATOR = "rt (generator)";
export const ASYNC = "rt (async)";
export const EFFECT = "effect";
export const EFFECTION = "effection";
export const PROMISES = "promises";
export const IDLE = "idle loop";
export const TOKIO = "tokio current_thread";
export const TOKIO_DRIVERS = "tokio current_thread, enable_all";
export const TOKIO_MULTI = "tokio multi_thread(2)";

export interface Entrant {
  readonly name: string;
  /** The word for it on the line protocol; for JavaScript also the file in `<area>/contestants/`. */
  readonly word: string;
  readonly kind: "javascript" | "tokio";
  /** The colour in charts. */
  readonly color: string;
}

export const ENTRANTS: readonly Entrant[] = [
  { name: GENERATOR, word: "rt-generator", kind: "javascript", color: "#2563eb" },
  { name: ASYNC, word: "rt-async", kind: "javascript", color: "#60a5fa" },
  { name: PROMISES, word: "promises", kind: "javascript", color: "#a3a3a3" },
  { name: EFFECT, word: "effect", kind: "javascript", color: "#a855f7" },
  { name: EFFECTION, word: "effection", kind: "javascript", color: "#d946ef" },
  { name: IDLE, word: "idle-loop", kind: "javascript", color: "#737373" },
  { name: TOKIO, word: "current_thread", kind: "tokio", color: "#ea580c" },
  { name: TOKIO_DRIVERS, word: "current_thread_all", kind: "tokio", color: "#fb923c" },
  { name: TOKIO_MULTI, word: "multi_thread", kind: "tokio", color: "#facc15" },
];

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
}

/**
 * V8's defaults but for two things: `gc()`, and room for a million parked tasks. The same for all.
 */
const NODE_FLAGS = ["--expose-gc", "--max-old-space-size=8192", "--disable-warning=ExperimentalWarning"];

/** The process for one contestant in one area, or undefined where it cannot take part. */
export function commandOf(
  entrant: Entrant,
  areaFolder: string,
  tokio: TokioBinary | undefined,
): Command | undefined {
  if (entrant.kind === "tokio") return tokio === undefined ? undefined : { file: tokio.file, args: [] };
  const module = join(areaFolder, "contestants", `${entrant.word}.ts`);
  return { file: process.execPath, args: [...NODE_FLAGS, join(import.meta.dirname, "lane.ts"), module] };
}
