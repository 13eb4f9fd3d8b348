/** What a source file imports, in every way TypeScript has to say it. */
import { lineOf, parse, walk, type SyntaxNode } from "../syntax/parse.ts";

export interface Import {
  readonly specifier: string;
  readonly line: number;
  /** `new URL("./x.js", import.meta.url)`: always a file, never a package. */
  readonly isUrl: boolean;
}

export function importsOf(file: string, source: string): Import[] {
  const found: Import[] = [];
  const add = (node: SyntaxNode, literal: unknown, isUrl = false): void => {
    const specifier = (literal as { value?: unknown } | null | undefined)?.value;
    if (typeof specifier === "string") found.push({ specifier, line: lineOf(source, node.start), isUrl });
  };
  walk(parse(file, source).program, (node) => {
    switch (node.type) {
      case "ImportDeclaration":
      case "ExportNamedDeclaration":
      case "ExportAllDeclaration":
      case "ImportExpression":
      case "TSImportType":
        return add(node, node["source"]);
      case "TSExternalModuleReference":
        return add(node, node["expression"]);
      case "NewExpression": {
        const [first, second] = node["arguments"] as SyntaxNode[];
        const isUrl = (node["callee"] as SyntaxNode)["name"] === "URL" && isImportMetaUrl(source, second);
        return isUrl ? add(node, first, true) : undefined;
      }
    }
  });
  return found;
}

function isImportMetaUrl(source: string, node: SyntaxNode | undefined): boolean {
  return node !== undefined && source.slice(node.start, node.end) === "import.meta.url";
}
