/** Values that can't be looked at in one way or another, as anybody may throw, yield or give them. */
import fc from "fast-check";

/** What is read of an error by those who tell of it. */
const KEYS = [
  "message",
  "stack",
  "name",
  "cause",
  "errors",
  "constructor",
  "toString",
  "valueOf",
  "code",
  Symbol.toPrimitive,
  Symbol.toStringTag,
  Symbol.for("nodejs.util.inspect.custom"),
] as const;

/** Texts that are none. */
const ODD: unknown[] = [Symbol("odd"), 1n, null, 5, {}, [], () => {}, Object.create(null)];

const PRIMITIVES: unknown[] = [null, undefined, Symbol("thrown"), 1n, Number.NaN, -0, "", "a text"];

function fails(): never {
  throw new Error("hostile");
}

/** A proxy that fails whatever is asked of it. */
function closed<T extends object>(target: T): T {
  const fail = (): never => fails();
  return new Proxy(target, {
    get: fail,
    set: fail,
    has: fail,
    ownKeys: fail,
    getPrototypeOf: fail,
    getOwnPropertyDescriptor: fail,
    defineProperty: fail,
    isExtensible: fail,
  });
}

function revoked<T extends object>(target: T): T {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

function base(kind: string): object {
  switch (kind) {
    case "error":
      return new Error("of a test");
    case "type error":
      return new TypeError("of a test");
    case "aggregate":
      return new AggregateError([new Error("within"), revoked({})], "of a test");
    case "function":
      return function named() {};
    case "no prototype":
      return Object.create(null) as object;
    default:
      return {};
  }
}

interface Recipe {
  readonly kind: string;
  /** What of it throws. */
  readonly throwing: PropertyKey[];
  /** What of it is no text. */
  readonly odd: PropertyKey[];
  /** What it is instead. */
  readonly value: number;
  readonly last: string;
}

function make({ kind, throwing, odd, value, last }: Recipe): unknown {
  if (kind === "primitive") return PRIMITIVES[value];
  const made = base(kind);
  for (const key of odd) Object.defineProperty(made, key, { value: ODD[value], configurable: true });
  for (const key of throwing) Object.defineProperty(made, key, { get: fails, configurable: true });
  if (last === "its own cause") Object.defineProperty(made, "cause", { value: made });
  if (last === "frozen") return Object.freeze(made);
  if (last === "closed") return closed(made);
  return last === "revoked" ? revoked(made) : made;
}

/** What somebody may throw, yield or give. A function, as fast-check looks at what it hands out. */
export const hostile: fc.Arbitrary<() => unknown> = fc
  .record({
    kind: fc.constantFrom(
      "error",
      "type error",
      "aggregate",
      "function",
      "no prototype",
      "object",
      "primitive",
    ),
    throwing: fc.subarray<PropertyKey>([...KEYS]),
    odd: fc.subarray<PropertyKey>([...KEYS]),
    value: fc.nat(ODD.length - 1),
    last: fc.constantFrom("as it is", "frozen", "closed", "revoked", "its own cause"),
  })
  .map((recipe) => Object.assign(() => make(recipe), { toString: () => JSON.stringify(recipe, byName) }));

function byName(_key: string, value: unknown): unknown {
  return typeof value === "symbol" ? String(value) : value;
}

/** How many values each path is tried with. */
export const RUNS = 200;
