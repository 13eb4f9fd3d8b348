/** Who takes part, in the order of the tables, and how each one's process is started. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import type { TokioBinary } from "./tokio.ts";

export const GENERATOR = "rt (generator)";
export const ASYNC = "rt (async)";
export const EFFECT = "effect";
export const EFFECTION = "effection";
export const PROMISES = "promises";
export const ASYNC_MUTEX = "async-mutex";
export const P_LIMIT = "p-limit";
export const P_QUEUE = "p-queue";
export const SET_TIMEOUT = "setTimeout";
export const NODE_NET = "node:net";
export const NODE_FS = "node:fs";
export const REDIS_SERVER = "redis-server";
export const V8_GENERATORS = "V8, generators";
export const V8_AWAITS = "V8, awaits";
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
  /** Charts leave it out where this is false. */
  readonly charted?: boolean;
}

export const ENTRANTS: readonly Entrant[] = [
  { name: GENERATOR, word: "rt-generator", kind: "javascript", color: "#2563eb" },
  { name: ASYNC, word: "rt-async", kind: "javascript", color: "#60a5fa" },
  { name: PROMISES, word: "promises", kind: "javascript", color: "#a3a3a3" },
  { name: EFFECT, word: "effect", kind: "javascript", color: "#a855f7" },
  { name: EFFECTION, word: "effection", kind: "javascript", color: "#d946ef" },
  { name: ASYNC_MUTEX, word: "async-mutex", kind: "javascript", color: "#0d9488" },
  { name: P_LIMIT, word: "p-limit", kind: "javascript", color: "#65a30d" },
  { name: P_QUEUE, word: "p-queue", kind: "javascript", color: "#a3e635" },
  { name: SET_TIMEOUT, word: "set-timeout", kind: "javascript", color: "#5eead4" },
  { name: NODE_NET, word: "node-net", kind: "javascript", color: "#16a34a" },
  { name: NODE_FS, word: "node-fs", kind: "javascript", color: "#15803d" },
  { name: REDIS_SERVER, word: "redis-server", kind: "javascript", color: "#dc2626" },
  { name: V8_GENERATORS, word: "v8-generators", kind: "javascript", color: "#9ca3af", charted: false },
  { name: V8_AWAITS, word: "v8-awaits", kind: "javascript", color: "#9ca3af", charted: false },
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
  source: boolean,
): Command | undefined {
  if (entrant.kind === "tokio") return tokio === undefined ? undefined : { file: tokio.file, args: [] };
  const module = join(areaFolder, "contestants", `${entrant.word}.ts`);
  if (!existsSync(module)) return undefined;
  const flags = source ? [...NODE_FLAGS, "--conditions=@rt/source"] : NODE_FLAGS;
  return { file: process.execPath, args: [...flags, join(import.meta.dirname, "lane.ts"), module] };
}
