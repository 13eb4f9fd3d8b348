import { expect, test } from "vitest";
import { flatClasses } from "../build/flat-classes.ts";

function lines(...all: string[]): string {
  return `${all.join("\n")}\n`;
}

test("a future without fields sets its state where it called super()", () => {
  const code = lines(
    "const Recv2 = class Recv extends Future {",
    "  constructor(x) {",
    "    super();",
    "    this.x = x;",
    "  }",
    "};",
  );
  expect(flatClasses(code)).toBe(
    lines(
      'const Recv2 = /* @__PURE__ */ Future["rt:leaf"](class Recv {',
      "  constructor(x) {",
      "    this._state = 0;",
      "    this.x = x;",
      "  }",
      "});",
    ),
  );
});

test("a future that sets its state itself is not given another first", () => {
  const code = lines(
    "const Sleep = class extends Future {",
    "  constructor(state) {",
    "    super();",
    "    this._state = state;",
    "  }",
    "};",
  );
  expect(flatClasses(code)).toBe(
    lines(
      'const Sleep = /* @__PURE__ */ Future["rt:leaf"](class Sleep {',
      "  constructor(state) {",
      "",
      "    this._state = state;",
      "  }",
      "});",
    ),
  );
});

test("where there are fields, the state is the first of them", () => {
  const code = lines(
    "const Join = class extends Future {",
    "  _left = 2;",
    "  constructor() {",
    "    super();",
    "  }",
    "};",
  );
  expect(flatClasses(code)).toContain(
    "(class Join { _state = 0;\n  _left = 2;\n  constructor() {\n\n  }\n});",
  );
});

test("a future without a constructor is given one", () => {
  const code = lines("const Pending = class extends Future {", "  poll() {", "  }", "};");
  expect(flatClasses(code)).toContain("(class Pending { constructor() { this._state = 0; }\n  poll()");
});

test("no line moves, or source maps would lie", () => {
  const code = lines(
    "const A = class extends Future {",
    "  constructor() {",
    "    super();",
    "  }",
    "};",
    "const b = 1;",
  );
  expect(flatClasses(code).split("\n")).toHaveLength(code.split("\n").length);
});

test("what extends anything else is left alone", () => {
  const code = lines("const Mine = class extends Map {", "  constructor() {", "    super();", "  }", "};");
  expect(flatClasses(code)).toBe(code);
});

test("so is one whose constructor does something before super(), or passes more than names", () => {
  for (const before of ["if (x) super();", "super(f());"]) {
    const code = lines(
      "const Odd = class extends Future {",
      "  constructor() {",
      `    ${before}`,
      "  }",
      "};",
    );
    expect(flatClasses(code)).toBe(code);
  }
});

const GUARD = lines(
  "const Guard = class {",
  "  constructor(owner, count) {",
  "    this._owner = owner;",
  "    this._count = count;",
  "  }",
  "};",
);

test("what extends a root does the assignments of its constructor", () => {
  const code = lines(
    "const Permit = class extends Guard {",
    "  constructor(semaphore) {",
    "    super(semaphore, 1);",
    "    this.x = 2;",
    "  }",
    "};",
  );
  expect(flatClasses(GUARD + code, ["Guard"])).toBe(
    GUARD +
      lines(
        'const Permit = /* @__PURE__ */ Future["rt:leaf"](class Permit {',
        "  constructor(semaphore) {",
        "    this._owner = semaphore; this._count = 1;",
        "    this.x = 2;",
        "  }",
        "}, Guard);",
      ),
  );
  expect(flatClasses(GUARD + code)).toBe(GUARD + code);
});

test("and so does what extends that, over a class without a constructor", () => {
  const middle = lines("const LockGuard = class extends Guard {", "  map() {", "  }", "};");
  const code = lines(
    "const MutexGuard = class extends LockGuard {",
    "  constructor(lock) {",
    "    super(lock, lock._size);",
    "  }",
    "};",
  );
  const flat = flatClasses(GUARD + middle + code, ["Guard"]);
  expect(flat).toContain(
    "(class LockGuard { constructor(owner, count) { this._owner = owner; this._count = count; }\n  map()",
  );
  expect(flat).toContain(
    "  constructor(lock) {\n    this._owner = lock; this._count = lock._size;\n  }\n}, LockGuard);",
  );
});

test("a class below one with fields is left alone: they come first", () => {
  const code = lines(
    "const A = class extends Guard {",
    "  left = 0;",
    "};",
    "const B = class extends A {",
    "};",
  );
  expect(flatClasses(GUARD + code, ["Guard"])).toBe(GUARD + code);
});

test("a class below one whose constructor does more is left alone", () => {
  const base = lines(
    "const A = class extends Future {",
    "  constructor(x) {",
    "    super();",
    "    start(x);",
    "  }",
    "};",
  );
  const code = lines("const B = class extends A {", "  constructor(x) {", "    super(x);", "  }", "};");
  expect(flatClasses(base + code).endsWith(code)).toBe(true);
});
