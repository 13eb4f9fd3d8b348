/** Our generator lane. */

import { type Async, Builder } from "@rt/core";
import { File } from "@rt/fs";
import { copy } from "@rt/io";
import type { Contestant } from "../../harness/case.ts";
import { copying, lining, reading } from "../input.ts";

const runtime = Builder.currentThread().build();

function* read(path: string): Async<number> {
  using file = yield* File.open(path);
  let bytes = 0;
  for (let chunk; (chunk = yield* file.readChunk()) !== undefined; ) bytes += chunk.length;
  return bytes;
}

function* lines(path: string): Async<number> {
  using file = yield* File.open(path);
  const input = file.lines();
  let count = 0;
  while ((yield* input.nextLine()) !== undefined) count += 1;
  return count;
}

function* copyFile(from: string, to: string): Async<void> {
  using source = yield* File.open(from);
  using target = yield* File.create(to);
  yield* copy(source, target);
}

export default {
  "file/read": reading((path) => runtime.blockOn(read(path))),
  "file/lines": lining((path) => runtime.blockOn(lines(path))),
  "file/copy": copying((from, to) => runtime.blockOn(copyFile(from, to))),
} satisfies Contestant;
