/** What a connection keeps of what its peer sends is in proportion to it, however it comes. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { ReplyParser } from "../src/resp/reply-parser.ts";
import { RequestParser } from "../src/resp/request-parser.ts";
import { bytes } from "./harness.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** What is alive, in buffers and in the heap. */
async function used(): Promise<number> {
  await new Promise(setImmediate);
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

interface Parser {
  push(chunk: Uint8Array): void;
  next(): unknown;
}

/** Feeds a parser what is not whole, cut in pieces of `size`. */
function fed(parser: Parser, input: string, size: number): Parser {
  for (let at = 0; at < input.length; at += size) {
    parser.push(bytes(input.slice(at, at + size)));
    while (parser.next() !== undefined);
  }
  return parser;
}

/** How many bytes each of `count` such parsers keeps. */
async function kept(make: () => Parser, input: string, size: number, count: number): Promise<number> {
  const before = await used();
  const parsers = Array.from({ length: count }, () => fed(make(), input, size));
  const after = await used();
  return (after - before) / parsers.length;
}

const REQUEST: () => Parser = () => new RequestParser();
const REPLY: () => Parser = () => new ReplyParser();

describe("What a parser keeps of a frame that comes bit by bit", { timeout: 30_000 }, () => {
  it.each([
    ["a large argument", REQUEST, `*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$100000000\r\n${"x".repeat(4_000)}`, 1],
    ["an argument", REQUEST, `*2\r\n$4\r\nECHO\r\n$16000\r\n${"x".repeat(4_000)}`, 1],
    ["a line", REQUEST, `ECHO ${"x".repeat(4_000)}`, 1],
    ["a large reply", REPLY, `$100000000\r\n${"x".repeat(4_000)}`, 1],
    ["a reply", REPLY, `$16000\r\n${"x".repeat(4_000)}`, 1],
    ["the beginning of a request behind many", REQUEST, `${"PING\r\n".repeat(10_000)}*2\r\n$4\r\nEC`, 70_000],
    ["the beginning of a reply behind many", REPLY, `${"+PONG\r\n".repeat(10_000)}$10\r\nabc`, 80_000],
  ])("is in proportion to what has come: %s", async (_what, make, input, size) => {
    const count = size === 1 ? 50 : 100;
    // Once is not enough: the engine keeps things of its own as well, such as code.
    const least = Math.min(await kept(make, input, size, count), await kept(make, input, size, count));
    expect(least).toBeLessThan(size === 1 ? 10 * input.length : 20_000);
  });
});
