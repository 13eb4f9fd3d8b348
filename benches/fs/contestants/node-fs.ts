/** Plain Node: its file streams, `pipeline` and `readline`, with their defaults. */

import { createReadStream, createWriteStream } from "node:fs";
import { createInterface } from "node:readline";
import { pipeline } from "node:stream/promises";
import type { Contestant } from "../../harness/case.ts";
import { copying, lining, reading } from "../input.ts";

async function read(path: string): Promise<number> {
  let bytes = 0;
  // What the stream gives without an encoding.
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) bytes += chunk.length;
  return bytes;
}

function lines(path: string): Promise<number> {
  return new Promise((resolve) => {
    let count = 0;
    const input = createInterface({ input: createReadStream(path), crlfDelay: Infinity });
    input.on("line", () => (count += 1));
    input.on("close", () => resolve(count));
  });
}

async function linesForAwait(path: string): Promise<number> {
  let count = 0;
  const input = createInterface({ input: createReadStream(path), crlfDelay: Infinity });
  for await (const line of input) if (line !== undefined) count += 1;
  return count;
}

export default {
  "file/read": reading(read),
  "file/lines": lining(lines),
  "file/lines-for-await": lining(linesForAwait),
  "file/copy": copying((from, to) => pipeline(createReadStream(from), createWriteStream(to))),
} satisfies Contestant;
