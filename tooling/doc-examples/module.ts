/**
 * Making a module of an example.
 *
 * The imports it writes stay; names of the package's face that it uses without importing them are imported. The rest
 * becomes the body of a function, so an example may `yield*` (it is then a task) or `await`. Trailing `// => value`
 * comments become assertions.
 */
import { isNode, lineOf, nameOf, parse, walk, type SyntaxNode } from "../syntax/parse.ts";
import { exampleName, type Example } from "./extract.ts";

/** What a package offers under its own name; types are marked, because importing them must say so. */
export interface Face {
  readonly packageName: string;
  readonly names: ReadonlyMap<string, "type" | "value">;
}

export interface ExampleModule {
  readonly source: string;
  /** False when the example exports something: then importing the module runs it. */
  readonly hasBody: boolean;
}

const WRITTEN_IMPORT = /^import\b[^;]*?["'][^"'\n]+["'](?:\s*with\s*\{[^}]*\})?;?[ \t]*$/gm;

export function toModule(example: Example, face: Face | undefined, packageDir: string): ExampleModule {
  const imports = (example.code.match(WRITTEN_IMPORT) ?? []).join("\n");
  // Keeps the line breaks, for the line numbers in errors.
  const body = example.code.replace(WRITTEN_IMPORT, (text) => text.replace(/[^\n]/g, ""));
  const analysed = analyse(example, body);
  const code = withAssertions(example, body, analysed);
  const header = [
    `// ${exampleName(example)}, from ${packageDir}/${example.file}:${example.line}. Generated.`,
    ...(code === body ? [] : ['import { expect as $expect } from "vitest";']),
    ...(analysed.yields ? ['import { Builder as $Builder } from "@rt/core";'] : []),
    ...(face === undefined ? [] : autoImports(body, imports, face)),
    ...(imports === "" ? [] : [imports]),
  ];
  return { source: `${[...header, wrap(code, analysed)].join("\n")}\n`, hasBody: !analysed.exports };
}

function wrap(code: string, { exports, yields }: Analysed): string {
  if (exports) return `${code}\nexport {};`;
  const lines = yields
    ? [
        "  await using $runtime = $Builder.currentThread().build();",
        "  await $runtime.blockOn(function* () {",
        code,
        "  });",
      ]
    : [code];
  return ["export async function example(): Promise<void> {", ...lines, "}"].join("\n");
}

function autoImports(body: string, imports: string, face: Face): string[] {
  const used = [...face.names].filter(([name]) => hasWord(body, name) && !hasWord(imports, name));
  if (used.length === 0) return [];
  const list = used.map(([name, kind]) => (kind === "type" ? `type ${name}` : name)).join(", ");
  return [`import { ${list} } from "${face.packageName}";`];
}

function hasWord(text: string, word: string): boolean {
  return new RegExp(`(?<![\\w$.])${word.replaceAll("$", "\\$")}(?![\\w$])`).test(text);
}

interface Analysed {
  readonly exports: boolean;
  readonly yields: boolean;
  readonly statements: readonly SyntaxNode[];
  readonly comments: readonly { readonly value: string; readonly start: number; readonly end: number }[];
  /** What to take off the nodes' offsets to get those of the body. */
  readonly shift: number;
}

function analyse(example: Example, body: string): Analysed {
  const exports = /^export\b/m.test(body);
  // Where `yield*` and `await` are both allowed at the top.
  const [prefix, suffix] = exports ? ["", ""] : ["async function* $() {\n", "\n}"];
  const { program, comments } = parse(`${example.file}:${example.line} (example)`, prefix + body + suffix);
  const statements: SyntaxNode[] = [];
  let yields = false;
  let awaits = false;
  const visit = (node: SyntaxNode, depth: number): void =>
    walk(node, (inner) => {
      if (inner !== node && /Function|PropertyDefinition|MethodDefinition/.test(inner.type)) {
        visit(inner, depth + 1);
        return false;
      }
      if (/^(ExpressionStatement|VariableDeclaration)$/.test(inner.type)) statements.push(inner);
      if (depth > 0) return true;
      yields ||= inner.type === "YieldExpression";
      awaits ||=
        inner.type === "AwaitExpression" || inner["await"] === true || inner["kind"] === "await using";
      return true;
    });
  const top = exports ? program : firstFunction(program);
  visit(top, 0);
  if (yields && awaits)
    throw new SyntaxError(`${exampleName(example)}: has both yield* and await at the top`);
  return { exports, yields, statements, comments, shift: prefix.length };
}

function firstFunction(program: SyntaxNode): SyntaxNode {
  const [first] = program["body"] as SyntaxNode[];
  if (!isNode(first)) throw new Error("The wrapper is gone");
  return first;
}

/** `x; // => 5` becomes `$expect(x).toEqual(5);`, and `const x = f(); // => 5` gets one after it. */
function withAssertions(example: Example, body: string, { statements, comments, shift }: Analysed): string {
  let code = body;
  // From the end, so that earlier offsets stay true.
  for (const comment of comments.toReversed()) {
    const value = /^ => (.*)$/s.exec(comment.value)?.[1]?.trim();
    if (value === undefined) continue;
    const at = comment.start - shift;
    const statement = statements.find(
      ({ end }) => end - shift <= at && /^[ \t]*$/.test(body.slice(end - shift, at)),
    );
    const subject = statement === undefined ? undefined : subjectOf(statement);
    if (statement === undefined || subject === undefined) {
      const line = example.line + lineOf(body, at) - 1;
      throw new SyntaxError(
        `${example.file}:${line}: "// =>" must follow an expression or a const on its line`,
      );
    }
    const text = body.slice(subject.start - shift, subject.end - shift);
    const assertion = `$expect(${text}).toEqual(${value});`;
    code =
      statement.type === "ExpressionStatement"
        ? code.slice(0, statement.start - shift) + assertion + code.slice(comment.end - shift)
        : `${code.slice(0, at)}${assertion}${code.slice(comment.end - shift)}`;
  }
  return code;
}

/** What is asserted of a statement: its expression, what it prints, or the one name it declares. */
function subjectOf(statement: SyntaxNode): SyntaxNode | undefined {
  if (statement.type === "VariableDeclaration") {
    const [only, ...others] = statement["declarations"] as SyntaxNode[];
    const id = only?.["id"];
    return others.length === 0 && isNode(id) && nameOf(id) !== undefined ? id : undefined;
  }
  const expression = statement["expression"];
  if (!isNode(expression)) return undefined;
  const callee = expression["callee"];
  if (expression.type === "CallExpression" && isNode(callee) && nameOf(callee["object"]) === "console") {
    const [only, ...others] = expression["arguments"] as SyntaxNode[];
    return others.length === 0 ? only : undefined;
  }
  return expression;
}
