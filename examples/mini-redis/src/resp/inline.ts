/** Commands as a person types them: words on one line, quoted where they hold spaces. */

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", b: "\b", a: "\x07" };
/** What C calls a space: `\s` would take one more byte for one. */
const SPACE = /[ \t-\r]/;

/**
 * Splits a line into words. In double quotes a backslash begins an escape (`\n`, `\x00`, `\"`); in single quotes it
 * only escapes a quote.
 * @returns `null` where a quote has no end, or has no space behind it.
 */
export function splitWords(line: string): string[] | null {
  if (!/["']/.test(line)) return line.match(/[^ \t-\r]+/g) ?? [];
  const words: string[] = [];
  for (let at = skipSpace(line, 0); at < line.length; at = skipSpace(line, at)) {
    let word = "";
    while (at < line.length && !SPACE.test(line[at] as string)) {
      const quote = line[at] as string;
      if (quote !== '"' && quote !== "'") {
        word += quote;
        at += 1;
        continue;
      }
      const quoted = readQuoted(line, at + 1, quote);
      if (quoted === null) return null;
      word += quoted.text;
      at = quoted.end;
      if (at < line.length && !SPACE.test(line[at] as string)) return null;
    }
    words.push(word);
  }
  return words;
}

function skipSpace(line: string, at: number): number {
  while (at < line.length && SPACE.test(line[at] as string)) at += 1;
  return at;
}

function readQuoted(line: string, at: number, quote: string): { text: string; end: number } | null {
  let text = "";
  while (at < line.length) {
    const char = line[at] as string;
    if (char === quote) return { text, end: at + 1 };
    const next = line[at + 1];
    if (char !== "\\" || next === undefined || (quote === "'" && next !== "'")) {
      text += char;
      at += 1;
      continue;
    }
    const hex = next === "x" && quote === '"' ? /^[0-9a-f]{2}/i.exec(line.slice(at + 2, at + 4)) : null;
    text += hex === null ? (ESCAPES[next] ?? next) : String.fromCharCode(Number.parseInt(hex[0], 16));
    at += hex === null ? 2 : 4;
  }
  return null;
}
