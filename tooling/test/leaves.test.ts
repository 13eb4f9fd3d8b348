import { expect, test } from "vitest";
import { leaves } from "../build/leaves.ts";

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
  expect(leaves(code)).toBe(
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
  expect(leaves(code)).toBe(
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
  expect(leaves(code)).toContain("(class Join { _state = 0;\n  _left = 2;\n  constructor() {\n\n  }\n});");
});

test("a future without a constructor is given one", () => {
  const code = lines("const Pending = class extends Future {", "  poll() {", "  }", "};");
  expect(leaves(code)).toContain("(class Pending { constructor() { this._state = 0; }\n  poll()");
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
  expect(leaves(code).split("\n")).toHaveLength(code.split("\n").length);
});

test("what extends anything else is left alone", () => {
  const code = lines(
    "const Task = class extends JoinHandle {",
    "  constructor() {",
    "    super();",
    "  }",
    "};",
  );
  expect(leaves(code)).toBe(code);
});

test("a constructor that does something before super() stops the build", () => {
  const code = lines(
    "const Odd = class extends Future {",
    "  constructor() {",
    "    if (x) super();",
    "  }",
    "};",
  );
  expect(() => leaves(code)).toThrow("Odd is no plain future");
});
