/**
 * Text for values that come from others. Anything can be thrown, and anything can be asked for its text: a getter may
 * throw, a proxy may have been revoked, a name need not be a text. What tells of a failure must not fail by that.
 */

/** A short text for a value in a message. Never throws. @public */
export function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (typeof value === "function") return `function ${textIn(value, "name") ?? ""}`.trimEnd();
  if (typeof value === "object" && value !== null) return `an object of class ${classOf(value)}`;
  return String(value);
}

/** What the class of an object is called; `unknown` where it does not say. Never throws. @public */
export function classOf(value: object): string {
  const made = get(value, "constructor");
  return (typeof made === "function" && textIn(made, "name")) || "unknown";
}

/** What was thrown, as far as it says so itself: its message, the text that it is, or nothing. Never throws. @public */
export function messageOf(error: unknown): string {
  if (typeof error === "string") return error;
  return isObject(error) ? (textIn(error, "message") ?? "") : "";
}

/** What a future waits for, as its `describe` puts it. That may be anybody's. Never throws. @public */
export function waitOf(future: { describe(): string }): string {
  try {
    const text: unknown = future.describe();
    return typeof text === "string" ? text : show(text);
  } catch (error) {
    return `something whose describe() threw ${show(error)}`;
  }
}

/** How deep causes are told. Arbitrary; an error may be its own cause. */
const DEPTH = 4;

/** All that can be told of an error which no inspection gets through: stack, causes, and errors within. Never throws. @public */
export function spell(error: unknown): string {
  return spellTo(error, DEPTH);
}

function spellTo(error: unknown, depth: number): string {
  if (!isObject(error)) return show(error);
  const parts = [heading(error)];
  if (depth > 0) {
    for (const inner of listIn(error, "errors")) parts.push(`[error]: ${spellTo(inner, depth - 1)}`);
    const cause = get(error, "cause");
    if (cause !== undefined) parts.push(`[cause]: ${spellTo(cause, depth - 1)}`);
  }
  return parts.join("\n").replaceAll("\n", "\n  ");
}

function heading(error: object): string {
  const stack = textIn(error, "stack");
  if (stack !== undefined && stack !== "") return stack;
  const message = textIn(error, "message");
  if (message === undefined) return show(error);
  return `${textIn(error, "name") ?? classOf(error)}: ${message}`;
}

function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

function get(from: object, key: string): unknown {
  try {
    return (from as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
}

function textIn(from: object, key: string): string | undefined {
  const value = get(from, key);
  return typeof value === "string" ? value : undefined;
}

function listIn(from: object, key: string): unknown[] {
  try {
    const value = get(from, key);
    return Array.isArray(value) ? [...(value as unknown[])] : [];
  } catch {
    return [];
  }
}
