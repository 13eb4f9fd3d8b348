/**
 * The parity table, as a check: each name of ours in it is exported, each test in it exists, and whatever is not
 * the same as in Tokio says why.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { publicNames } from "./exports.ts";
import { STATUSES, readTable, type Row, type TestRef } from "./table.ts";
import { titlesIn } from "./titles.ts";

const TABLE = "docs/parity.md";

export interface ParityReport {
  readonly rows: number;
  /** One line each, with the row's line in the table. */
  readonly problems: readonly string[];
}

export function checkParity(root: string): ParityReport {
  const { rows, problems } = readTable(readFileSync(join(root, TABLE), "utf8"));
  const namesOf = memoize((packageName: string) =>
    publicNames(join(root, "packages", packageName.replace(/^@rt\//, ""))),
  );
  const titlesOf = memoize((file: string) => titlesIn(file, readFileSync(join(root, file), "utf8")));
  const found = rows.flatMap((row) =>
    [
      ...checkWords(row),
      ...checkNames(row, namesOf),
      ...row.tests.flatMap((test) => checkTest(root, test, titlesOf)),
    ].map((problem) => `${row.line}: ${row.item}: ${problem}`),
  );
  return { rows: rows.length, problems: [...problems, ...found].map((problem) => `${TABLE}:${problem}`) };
}

function checkWords({ status, because, names, tests }: Row): string[] {
  if (!(STATUSES as readonly string[]).includes(status)) {
    return [`"${status}" is no status; there are ${STATUSES.join(", ")}`];
  }
  const problems: string[] = [];
  const exists = status === "same" || status === "different";
  if (exists && names.length === 0) problems.push("names nothing of ours in backticks");
  if (exists && tests.length === 0) problems.push("names no test");
  if (status !== "same" && because === "") problems.push(`is "${status}", but says no because`);
  return problems;
}

function checkNames({ packageName, names, status }: Row, namesOf: (name: string) => Set<string>): string[] {
  // What waits need not be there yet.
  if (status === "waits" || names.length === 0) return [];
  if (packageName === undefined) return ["stands under no heading that names a package"];
  const known = namesOf(packageName);
  return names.filter((name) => !known.has(name)).map((name) => `${packageName} exports no ${name}`);
}

function checkTest(root: string, { file, title }: TestRef, titlesOf: (file: string) => RegExp[]): string[] {
  if (title === "") return [`"${file}" must read path/to/file.test.ts > title`];
  if (!existsSync(join(root, file))) return [`there is no ${file}`];
  return titlesOf(file).some((pattern) => pattern.test(title)) ? [] : [`${file} has no test "${title}"`];
}

function memoize<K, V>(compute: (key: K) => V): (key: K) => V {
  const known = new Map<K, V>();
  return (key) => {
    if (!known.has(key)) known.set(key, compute(key));
    return known.get(key) as V; // just set
  };
}
