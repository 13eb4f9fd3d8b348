/** The titles of the tests in a file: what `it(…)` and `test(…)` are given, under any `describe`. */
import { isNode, nameOf, parse, walk, type SyntaxNode } from "../syntax/parse.ts";

/** A title with `${…}` or `%s` in it matches whatever stands in its place. */
export function titlesIn(file: string, source: string): RegExp[] {
  const titles: RegExp[] = [];
  walk(parse(file, source).program, (node) => {
    if (node.type !== "CallExpression" || !["it", "test"].includes(rootName(node["callee"]) ?? "")) return;
    const [first] = node["arguments"] as SyntaxNode[];
    const title = first && patternOf(first);
    if (title !== undefined) titles.push(title);
  });
  return titles;
}

/** `it`, of `it`, `it.only`, `it.each(rows)` and it.each`table`. */
function rootName(callee: unknown): string | undefined {
  if (!isNode(callee)) return undefined;
  return nameOf(callee) ?? rootName(callee["object"] ?? callee["callee"] ?? callee["tag"]);
}

function patternOf(node: SyntaxNode): RegExp | undefined {
  const text = nameOf(node);
  const quasis = text === undefined ? (node["quasis"] as SyntaxNode[] | undefined) : undefined;
  const parts =
    text === undefined ? quasis?.map(({ value }) => (value as { cooked: string }).cooked) : [text];
  if (parts === undefined) return undefined;
  const escaped = parts.map((part) =>
    part
      .split(/%[sdijo]|\$\w+/)
      .map((piece) => RegExp.escape(piece))
      .join(".+"),
  );
  return new RegExp(`^${escaped.join(".+")}$`);
}
