/** A constructor that does nothing but `this.member = …;`, line by line. */
interface Plain {
  readonly params: readonly string[];
  readonly assignments: readonly string[];
}

const FUTURE: Plain = { params: [], assignments: ["this._state = 0;"] };
const CLASS = /^((?:var|const) (\w+) = )class( \w+)?(?: extends (\w+))? \{([^]*?)^\};$/gm;
const CONSTRUCTOR = /^  constructor\(([^)]*)\) \{\n([^]*?)^  \}$/m;
const SUPER = /^    super\(([^)]*)\);(\n    this\._state = )?/m;
/** Fields, and private methods, which are kept with them. */
const FIELDS = /^  (?:#?\w+(?: =|;)|(?:async )?\*?#\w+\()/m;

/**
 * Classes that extend `Future`, or one of `roots`, get its prototype without `extends`, and do what its constructor does
 * themselves. A class whose constructors do more than to assign is left as it is.
 *
 * V8 inlines no `super()` into code within `try`, behind `using`, or in an async function, which is where futures and
 * guards are made: a message over an unbounded channel took 40 ns there instead of 24, a mutex 54 instead of 21, and an
 * await of a message 165 instead of 147.
 */
export function flatClasses(code: string, roots: readonly string[] = []): string {
  const plain = new Map([["Future", FUTURE]]);
  return code.replaceAll(
    CLASS,
    (text, start: string, name: string, own = ` ${name}`, base: string | undefined, inside: string) => {
      const [, list = "", body = ""] = CONSTRUCTOR.exec(inside) ?? [];
      const params = namesOf(list);
      const hasFields = FIELDS.test(inside);
      const isPlain = !hasFields && params.every((param) => /^[\w$]+$/.test(param));
      if (base === undefined) {
        const assignments = assignmentsOf(body);
        if (roots.includes(name) && isPlain && assignments !== null) plain.set(name, { params, assignments });
        return text;
      }
      const above = plain.get(base);
      if (above === undefined) return text;
      const made = construct(inside, above, hasFields);
      if (made === null) return text;
      const flat = CONSTRUCTOR.exec(made)?.[2];
      const assignments =
        flat === undefined ? above.assignments : assignmentsOf(flat.replaceAll("; ", ";\n"));
      if (isPlain && assignments !== null)
        plain.set(name, { params: flat === undefined ? above.params : params, assignments });
      const prototype = base === "Future" ? "" : `, ${base}`;
      return `${start}/* @__PURE__ */ Future["rt:leaf"](class${own} {${made}}${prototype});`;
    },
  );
}

/** The class with a constructor that does without that of the class above. Null where that can't be done. */
function construct(inside: string, above: Plain, hasFields: boolean): string | null {
  // Fields come before what the constructor does: only a state of 0 can be one of them, which is then the first.
  const isState = above.assignments.join() === FUTURE.assignments.join();
  if (hasFields && !isState) return null;
  const field = hasFields ? " _state = 0;" : "";
  if (!inside.includes("\n  constructor(")) {
    if (hasFields) return field + inside;
    return ` constructor(${above.params.join(", ")}) { ${above.assignments.join(" ")} }${inside}`;
  }
  const called = SUPER.exec(inside);
  if (called === null) return null;
  const [, list, state = ""] = called;
  const args = namesOf(list);
  if (args.length !== above.params.length || !args.every(isPath)) return null;
  if (!CONSTRUCTOR.exec(inside)?.[2]?.startsWith("    super(")) return null;
  const assigned = hasFields || (state !== "" && isState) ? "" : `    ${substitute(above, args)}`;
  return field + inside.replace(SUPER, () => assigned + state);
}

function substitute({ params, assignments }: Plain, args: readonly string[]): string {
  return assignments.join(" ").replaceAll(/(?<![\w$.])[\w$]+/g, (word) => args[params.indexOf(word)] ?? word);
}

/** The lines of a constructor, if all of them assign something simple to a member. */
function assignmentsOf(body: string): string[] | null {
  const lines = body.split("\n").map((line) => line.trim());
  const assignments = lines.filter((line) => line !== "" && !line.startsWith("//"));
  return assignments.every((line) => /^this\.[\w$]+ = [\w$.]+;$/.test(line)) ? assignments : null;
}

function namesOf(list = ""): string[] {
  return list === "" ? [] : list.split(", ");
}

/** What may be written twice. */
function isPath(argument: string): boolean {
  return /^[\w$]+(?:\.[\w$]+)*$/.test(argument);
}
