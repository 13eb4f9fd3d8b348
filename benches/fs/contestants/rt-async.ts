/** Our async lane. */

import { Builder } from "@rt/core";
import { File } from "@rt/fs";
import { copy } from "@rt/io";
import type { Contestant } from "../../harness/case.ts";
import { copying, lining, reading } from "../input.ts";

const runtime = Builder.currentThread().build();

async function read(path: string): Promise<number> {
  using file = await File.open(path);
  let bytes = 0;
  for await (const chunk of file) bytes += chunk.length;
  return bytes;
}

async function lines(path: string): Promise<number> {
  using file = await File.open(path);
  let count = 0;
  for await (const line of file.lines()) if (line !== undefined) count += 1;
  return count;
}

async function copyFile(from: string, to: string): Promise<void> {
  using source = await File.open(from);
  using target = await File.create(to);
  await copy(source, target);
}

export default {
  "file/read": reading((path) => runtime.blockOn(() => read(path))),
  "file/lines-for-await": lining((path) => runtime.blockOn(() => lines(path))),
  "file/copy": copying((from, to) => runtime.blockOn(() => copyFile(from, to))),
} satisfies Contestant;
