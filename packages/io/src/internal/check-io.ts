/** Refuses what is none of our readers and writers. */
import { show, typeError } from "@rt/core/driver";
import type { AsyncBufRead, AsyncWrite } from "../traits.ts";

/** What makes one of ours out of something that has the methods named behind it. */
const ADAPTERS: readonly (readonly [takes: string, adapter: string, ...marks: string[]])[] = [
  ["pollRead", "fromNodeReadable", "pipe", "read"],
  ["pollRead", "fromReadableStream", "getReader"],
  ["pollRead", "cursor", "codePointAt"], // text
  ["pollRead", "cursor", "subarray"], // bytes
  ["pollFillBuf", "new BufReader", "pollRead"],
  ["pollWrite", "fromNodeWritable", "pipe", "write"],
  ["pollWrite", "fromWritableStream", "getWriter"],
  ["pollRead and pollWrite", "fromNodeDuplex", "pipe", "read", "write"],
];

/** Gives `io` back. @throws TypeError unless it has all the `steps`; the message says what to make of it. */
export function checkIo<T>(name: string, io: T, ...steps: (keyof AsyncBufRead | keyof AsyncWrite)[]): T {
  const has = (method: string): boolean =>
    typeof (io as Record<string, unknown> | null | undefined)?.[method] === "function";
  if (steps.every(has)) return io;
  const takes = steps.join(" and ");
  const adapter = ADAPTERS.find((each) => each[0] === takes && each.slice(2).every(has))?.[1];
  const remedy =
    adapter !== undefined ? `; wrap it in ${adapter}()` : has("then") ? "; wait for it first" : "";
  throw typeError(`${name} takes an object with ${takes}, not ${show(io)}${remedy}`);
}
