/** How much may wait for clients that do not read: what redis calls `client-output-buffer-limit`. */

/** Limits of one class of clients. 0 is no limit. */
export interface OutputLimit {
  /** Who has more bytes than that unread is dropped at once. */
  readonly hard: number;
  /** Who has more bytes than that unread for longer than `softMs` is dropped then. */
  readonly soft: number;
  readonly softMs: number;
}

/** The classes of clients: those that have subscribed to something, and all others. */
export interface OutputLimits {
  readonly normal: OutputLimit;
  readonly pubsub: OutputLimit;
}

const MIB: number = 1024 * 1024;

/**
 * Those of redis. Normal clients have none: they get nothing that they have not asked for, and what they ask for is not
 * looked at while they do not read.
 */
export const OUTPUT_LIMITS: OutputLimits = {
  normal: { hard: 0, soft: 0, softMs: 0 },
  pubsub: { hard: 32 * MIB, soft: 8 * MIB, softMs: 60_000 },
};

/** Reads limits as redis writes them: `pubsub 33554432 8388608 60`, the time in seconds, and more classes behind it. */
export function parseOutputLimits(text: string): Partial<OutputLimits> {
  const words = text.trim().split(/\s+/);
  const limits: Partial<Record<keyof OutputLimits, OutputLimit>> = {};
  for (let at = 0; at < words.length; at += 4) {
    const [name, ...rest] = words.slice(at, at + 4);
    const [hard = Number.NaN, soft = Number.NaN, seconds = Number.NaN] = rest.map(Number);
    if ((name !== "normal" && name !== "pubsub") || ![hard, soft, seconds].every(isCount))
      throw new TypeError(
        `Cannot read the output limit ${JSON.stringify(words.slice(at, at + 4).join(" "))}; write it as "pubsub HARD SOFT SECONDS" or "normal …", in bytes`,
      );
    limits[name] = { hard, soft, softMs: seconds * 1000 };
  }
  return limits;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

/** The other way round. */
export function showOutputLimits(limits: OutputLimits): string {
  return (["normal", "pubsub"] as const)
    .map((name) => `${name} ${limits[name].hard} ${limits[name].soft} ${limits[name].softMs / 1000}`)
    .join(" ");
}
