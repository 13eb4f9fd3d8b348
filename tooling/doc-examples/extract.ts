/** Finding the examples: every ```ts fence below an `@example` of a docstring, and every ```ts fence of a page. */
import { isNode, lineOf, nameOf, parse, type SyntaxNode } from "../syntax/parse.ts";

export interface Example {
  /** Relative to the package. */
  readonly file: string;
  /** The line of its first line of code. */
  readonly line: number;
  /** What the docstring belongs to (`Semaphore.acquire`), or the heading above it in a page. */
  readonly symbol: string;
  /** 1 for the symbol's first example. */
  readonly index: number;
  readonly code: string;
  /** False after ```ts no-run: then it need only compile. */
  readonly runs: boolean;
}

export function exampleName({ file, symbol, index }: Example): string {
  return `${file}:${symbol}#${index}`;
}

export function examplesOf(file: string, source: string): Example[] {
  const found = file.endsWith(".md") ? fromMarkdown(source) : fromTypeScript(file, source);
  const counts = new Map<string, number>();
  return found.map(({ symbol, fence }) => {
    const index = (counts.get(symbol) ?? 0) + 1;
    counts.set(symbol, index);
    return { file, symbol, index, line: fence.line, code: fence.code, runs: fence.runs };
  });
}

interface Fence {
  readonly line: number;
  readonly code: string;
  readonly runs: boolean;
}
interface Found {
  readonly symbol: string;
  readonly fence: Fence;
}

function fromMarkdown(source: string): Found[] {
  const lines = source.split("\n");
  return fencesIn(lines, 1).map((fence) => ({
    symbol:
      lines
        .slice(0, fence.line - 1)
        .findLast((line) => /^#+ /.test(line))
        ?.replace(/^#+ /, "") ?? "top",
    fence,
  }));
}

function fromTypeScript(file: string, source: string): Found[] {
  const { program, comments } = parse(file, source);
  const names = declaredNames(program);
  return comments.flatMap((comment) => {
    if (comment.type !== "Block" || !comment.value.startsWith("*")) return [];
    const next = comment.end + (/^\s*/.exec(source.slice(comment.end))?.[0].length ?? 0);
    const symbol = names.get(next) ?? "module";
    const lines = comment.value.split("\n").map((line) => line.replace(/^\s*\* ?/, ""));
    return fencesIn(examplesOnly(lines), lineOf(source, comment.start)).map((fence) => ({ symbol, fence }));
  });
}

/** Empties every line that is below no `@example`, so that the others keep their numbers. */
function examplesOnly(lines: readonly string[]): string[] {
  let inExample = false;
  let inFence = false;
  return lines.map((line) => {
    if (line.startsWith("```")) inFence = !inFence;
    // A decorator in a fence is no tag.
    else if (!inFence && /^@\w/.test(line)) inExample = line.startsWith("@example");
    return inExample ? line : "";
  });
}

function fencesIn(lines: readonly string[], firstLine: number): Fence[] {
  const fences: Fence[] = [];
  let open: { info: string; line: number; code: string[] } | undefined;
  for (const [i, line] of lines.entries()) {
    const mark = /^\s*```(.*)$/.exec(line);
    if (mark === null) {
      open?.code.push(line);
    } else if (open === undefined) {
      open = { info: mark[1] ?? "", line: firstLine + i + 1, code: [] };
    } else {
      const [language, ...flags] = open.info.trim().split(/\s+/);
      if (language === "ts") {
        fences.push({ line: open.line, code: open.code.join("\n"), runs: !flags.includes("no-run") });
      }
      open = undefined;
    }
  }
  return fences;
}

/** The name of each declaration and each member (`Gate.pass`), by the offset where it begins. */
function declaredNames(program: SyntaxNode): Map<number, string> {
  const names = new Map<number, string>();
  const declare = (node: SyntaxNode, owner: string): void => {
    const inner =
      node["declaration"] ??
      (node.type === "VariableDeclaration" ? firstOf(node["declarations"]) : undefined);
    const own = nameOf(node["id"]) ?? keyOf(node["key"]);
    const name = own === undefined ? owner : owner === "" ? own : `${owner}.${own}`;
    if (isNode(inner)) {
      declare(inner, owner);
      names.set(node.start, names.get(inner.start) ?? name);
    } else {
      names.set(node.start, name);
    }
    for (const member of membersOf(node)) declare(member, name);
  };
  for (const statement of program["body"] as SyntaxNode[]) declare(statement, "");
  return names;
}

function keyOf(key: unknown): string | undefined {
  if (!isNode(key)) return undefined;
  const { object, property } = key;
  return key.type === "MemberExpression" ? `[${nameOf(object)}.${nameOf(property)}]` : nameOf(key);
}

/** The members of a class, interface or namespace. */
function membersOf(node: SyntaxNode): SyntaxNode[] {
  const body = node["body"];
  const members = isNode(body) ? body["body"] : undefined;
  return /Class|Interface|TSModule/.test(node.type) && Array.isArray(members) ? members.filter(isNode) : [];
}

function firstOf(list: unknown): unknown {
  return Array.isArray(list) ? list[0] : undefined;
}
