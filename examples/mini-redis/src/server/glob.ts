/** Patterns for names: `*`, `?`, `[a-z]`, `[^a-z]`, and `\` before what is meant as it is. */

/** One character of a name; `null` for any number of any. */
type Step = ((char: string) => boolean) | null;

/** One for each character, so that a long pattern is not made into many times as much. */
const EXACTLY: readonly NonNullable<Step>[] = Array.from({ length: 256 }, (_, code) => {
  const exact = String.fromCharCode(code);
  return (char) => char === exact;
});
const any = (): boolean => true;

/** Redis takes any. What a pattern is made into here is several times as large, and each message is held against it. */
export const LONGEST_PATTERN = 4096;

/** Makes the test for a pattern, once for all names it will see. */
export function matcher(pattern: string): (name: string) => boolean {
  const steps = parse(pattern);
  return (name) => matches(steps, name);
}

/**
 * Where a character does not fit, the last `*` takes one more. To go back to an earlier one is never of use, so no
 * pattern takes longer than its length times the name's.
 */
function matches(steps: readonly Step[], name: string): boolean {
  let [step, at] = [0, 0];
  let [star, taken] = [-1, 0];
  while (at < name.length) {
    const test = steps[step];
    if (test === null) {
      star = step;
      taken = at;
      step += 1;
    } else if (test?.(name[at] as string)) {
      step += 1;
      at += 1;
    } else {
      if (star === -1) return false;
      taken += 1;
      at = taken;
      step = star + 1;
    }
  }
  while (steps[step] === null) step += 1;
  return step === steps.length;
}

function parse(pattern: string): Step[] {
  const steps: Step[] = [];
  for (let at = 0; at < pattern.length; at += 1) {
    const char = pattern[at] as string;
    if (char === "*") steps.push(null);
    else if (char === "?") steps.push(any);
    else if (char === "[") at = parseSet(pattern, at + 1, steps);
    else {
      if (char === "\\" && at + 1 < pattern.length) at += 1;
      steps.push(EXACTLY[pattern.charCodeAt(at)] as NonNullable<Step>); // patterns have one character per byte
    }
  }
  return steps;
}

/** Gives the place of the bracket that closes the set. Where there is none, the end of the pattern does. */
function parseSet(pattern: string, start: number, steps: Step[]): number {
  const isNot = pattern[start] === "^";
  const ranges: [from: string, to: string][] = [];
  let at = isNot ? start + 1 : start;
  for (; at < pattern.length && pattern[at] !== "]"; at += 1) {
    const isEscaped = pattern[at] === "\\" && at + 1 < pattern.length;
    if (isEscaped) at += 1;
    const from = pattern[at] as string;
    let to = from;
    if (!isEscaped && pattern[at + 1] === "-" && at + 2 < pattern.length) {
      at += 2;
      to = pattern[at] as string;
    }
    ranges.push(from <= to ? [from, to] : [to, from]);
  }
  steps.push((char) => ranges.some(([from, to]) => from <= char && char <= to) !== isNot);
  return at;
}
