/** The file that all read, and what is measured about it. */

import { closeSync, existsSync, openSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Measurement, Sample } from "../harness/case.ts";
import { assertTotal } from "../shared/batches.ts";

const MIB = 1024 * 1024;
export const MIB_OF_INPUT = 1024;

/** Stays there for the next run; the system removes it one day. */
const input: string = join(tmpdir(), "rt-bench-fs-input");

function mebibyte(): Buffer {
  let text = "";
  for (let i = 0; text.length < MIB; i += 1)
    text += `${i} and some words of a line that is none too long, ${i % 9973}\n`;
  return Buffer.from(`${text.slice(0, MIB - 1)}\n`);
}

const block: Buffer = mebibyte();
const linesPerBlock: number = block.toString().split("\n").length - 1;

function prepare(): void {
  if (existsSync(input) && statSync(input).size === MIB_OF_INPUT * MIB) return;
  const unfinished = `${input}.${process.pid}`;
  const fd = openSync(unfinished, "w");
  for (let i = 0; i < MIB_OF_INPUT; i += 1) writeSync(fd, block);
  closeSync(fd);
  renameSync(unfinished, input);
}

async function measure(work: () => PromiseLike<number>, expected: number): Promise<Measurement> {
  const start = process.hrtime.bigint();
  const total = await work();
  const ns = Number(process.hrtime.bigint() - start);
  assertTotal(total, expected);
  return { time: ns / MIB_OF_INPUT, rss: process.resourceUsage().maxRSS / 1024 };
}

/** Reads the input; `work` gives the number of its bytes. */
export function reading(work: (path: string) => PromiseLike<number>): Sample {
  return async () => {
    prepare();
    return await measure(() => work(input), MIB_OF_INPUT * MIB);
  };
}

/** Reads its lines; `work` gives their number. */
export function lining(work: (path: string) => PromiseLike<number>): Sample {
  return async () => {
    prepare();
    return await measure(() => work(input), MIB_OF_INPUT * linesPerBlock);
  };
}

/** Where there is one, a file system in memory: on a disk, how busy that is decides, by a factor of three. */
const outputs: string = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

/** Copies it; the copy must be as long. */
export function copying(work: (from: string, to: string) => PromiseLike<unknown>): Sample {
  return async () => {
    prepare();
    const output = join(outputs, `rt-bench-fs-output-${process.pid}`);
    try {
      return await measure(async () => {
        await work(input, output);
        return statSync(output).size;
      }, MIB_OF_INPUT * MIB);
    } finally {
      rmSync(output, { force: true });
    }
  };
}
