/** Reading TypeScript: what every check of ours asks of a parser. */
import { parseSync, type Comment, type Program } from "oxc-parser";

/** A node of the ESTree that oxc gives, seen without its many types. */
export interface SyntaxNode {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

export interface Parsed {
  readonly program: Program & SyntaxNode;
  readonly comments: readonly Comment[];
}

/** Parses `source`. Throws with the file's name and the line when it is no TypeScript. */
export function parse(file: string, source: string): Parsed {
  const result = parseSync(file, source, { lang: "ts", sourceType: "module" });
  const [error] = result.errors;
  if (error !== undefined) {
    throw new SyntaxError(`${file}:${lineOf(source, error.labels[0]?.start ?? 0)}: ${error.message}`);
  }
  return { program: result.program as Parsed["program"], comments: result.comments };
}

/** Calls `visit` for every node from the top. The children are left out where it returns false. */
export function walk(node: SyntaxNode, visit: (node: SyntaxNode) => boolean | void): void {
  if (visit(node) === false) return;
  for (const value of Object.values(node)) {
    if (Array.isArray(value)) value.filter(isNode).forEach((child) => walk(child, visit));
    else if (isNode(value)) walk(value, visit);
  }
}

export function isNode(value: unknown): value is SyntaxNode {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}

/** The identifier or string that names something, if it has one. */
export function nameOf(node: unknown): string | undefined {
  if (!isNode(node)) return undefined;
  if (typeof node["name"] === "string") return node["name"];
  return typeof node["value"] === "string" ? node["value"] : undefined;
}

/** 1 for the first line. */
export function lineOf(source: string, offset: number): number {
  return source.slice(0, offset).split("\n").length;
}
