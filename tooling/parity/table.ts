/** Reading `docs/parity.md`: sections headed by a package's name, and in them tables of five columns. */

export const STATUSES = ["same", "different", "no counterpart", "waits"] as const;
const COLUMNS = ["Tokio item", "ours", "status", "because", "test"];

export interface Row {
  readonly line: number;
  /** `@rt/core`, from the nearest heading that names one. */
  readonly packageName: string | undefined;
  readonly item: string;
  /** The names in backticks: `JoinHandle.abort`. */
  readonly names: readonly string[];
  readonly status: string;
  readonly because: string;
  readonly tests: readonly TestRef[];
}

export interface TestRef {
  readonly file: string;
  readonly title: string;
}

export interface Table {
  readonly rows: readonly Row[];
  /** What is no row, though it looks like one. */
  readonly problems: readonly string[];
}

export function readTable(markdown: string): Table {
  const rows: Row[] = [];
  const problems: string[] = [];
  let packageName: string | undefined;
  let inTable = false;
  for (const [i, text] of markdown.split("\n").entries()) {
    const line = i + 1;
    if (text.startsWith("#")) packageName = /@rt\/[\w-]+/.exec(text)?.[0] ?? packageName;
    if (!text.startsWith("|")) {
      inTable = false;
      continue;
    }
    const cells = cellsOf(text);
    if (!inTable) {
      // Tables with other columns are none of ours.
      inTable = cells.join() === COLUMNS.join();
      if (!inTable && cells[0] === COLUMNS[0])
        problems.push(`${line}: the columns must be ${COLUMNS.join(" | ")}`);
    } else if (cells.length !== COLUMNS.length) {
      problems.push(`${line}: has ${cells.length} cells, not ${COLUMNS.length}`);
    } else if (!cells.every((cell) => /^:?-+:?$/.test(cell))) {
      const [item = "", ours = "", status = "", because = "", tests = ""] = cells;
      rows.push({ line, packageName, item, names: namesIn(ours), status, because, tests: testsIn(tests) });
    }
  }
  return { rows, problems };
}

function cellsOf(text: string): string[] {
  return text
    .trim()
    .replace(/^\||(?<!\\)\|$/g, "")
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll("\\|", "|"));
}

/** `Builder.eventInterval(n)` names `Builder.eventInterval`. */
function namesIn(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)]
    .map(([, code = ""]) => code.replace(/[(<].*$/, "").replace(/^@rt\/.*$/, ""))
    .filter((name) => name !== "");
}

function testsIn(cell: string): TestRef[] {
  return cell
    .split(/<br\s*\/?>/)
    .map((part) => part.trim().replace(/^`(.*)`$/, "$1"))
    .filter((part) => part !== "" && part !== "–" && part !== "-")
    .map((part) => {
      const at = part.indexOf(" > ");
      return at < 0 ? { file: part, title: "" } : { file: part.slice(0, at), title: part.slice(at + 3) };
    });
}
