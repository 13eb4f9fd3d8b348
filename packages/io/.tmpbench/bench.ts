import { ChunkReader, Reader, BufReader, copy, copyBuf, sink, Writer, fromNodeReadable, fromNodeWritable, cursor } from "@rt/io";
import { Builder, type Async, type Poll } from "@rt/core";
import { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import readline from "node:readline";
const which = process.argv[2]!; const total = Number(process.argv[3] ?? 256) * 1024 * 1024;
const CH = 64 * 1024;
function block(line: () => string): Uint8Array { let s = ""; while (s.length < 4*CH) s += line() ; return new TextEncoder().encode(s); }
let k = 0;
const ascii = block(() => "x".repeat(20 + (k = (k * 31 + 7) % 101)) + "\n");
const utf = block(() => "héllo wörld ".repeat(1 + (k = (k * 31 + 7) % 7)) + "\n");
const data = which.includes("utf") ? utf : ascii;
function* chunks(): Generator<Uint8Array> { for (let n = 0, at = 0; n < total; n += CH) { if (at + CH > data.length) at = 0; const c = data.slice(at, at + CH); at += CH; yield c; } }
const shared = data.slice(0, CH);
function* sharedChunks(): Generator<Uint8Array> { for (let n = 0; n < total; n += CH) yield shared; }
class Mem extends ChunkReader { it = sharedChunks(); pollNextChunk() { const r = this.it.next(); return r.done ? undefined : r.value; } }
class Fill extends Reader { left = total; at = 0; pollRead(_: unknown, buf: Uint8Array): Poll<number> { if (this.left <= 0) return 0; if (this.at >= shared.length) this.at = 0; const n = Math.min(buf.length, shared.length - this.at); buf.set(this.at === 0 && n === shared.length ? shared : shared.subarray(this.at, this.at + n)); this.at += n; this.left -= n; return n; } }
const readable = () => new Readable({ highWaterMark: CH, it: undefined, read() { const s = this as any; s.it ??= sharedChunks(); const r = s.it.next(); this.push(r.done ? null : r.value); } } as any);
const writable = () => new Writable({ highWaterMark: CH, write(c, e, d) { d(); } });
const rt = Builder.currentThread().build();
function* linesGen(r: Reader): Async<number> { const lines = r.lines(); let n = 0; while ((yield* lines.nextLine()) !== undefined) n++; return n; }
async function linesAsync(r: Reader) { let n = 0; for await (const _ of r.lines()) n++; return n; }
async function linesAwait(r: Reader) { let n = 0; const l = r.lines(); while ((await l.nextLine()) !== undefined) n++; return n; }
function* splitGen(r: any): Async<number> { const parts = (r.split ? r : r.buffered()).split(10); let n = 0; while ((yield* parts.nextSegment()) !== undefined) n++; return n; }
async function splitAsync(r: any) { let n = 0; for await (const _ of r.split(10)) n++; return n; }
function* readLineGen(r: any): Async<number> { let n = 0; while ((yield* r.readLine()) !== "") n++; return n; }
function* readUntilGen(r: any): Async<number> { let n = 0; while ((yield* r.readUntil(10)).length !== 0) n++; return n; }
function* u32Gen(r: any): Async<number> { let n = 0; for (let i = 0; i < total / 4; i++) { yield* r.readU32(); n++; } return n; }
function* chunkGen(r: any): Async<number> { let n = 0; while ((yield* r.readChunk()) !== undefined) n++; return n; }
function* read1k(r: any): Async<number> { let n = 0; const b = new Uint8Array(1024); while ((yield* r.read(b)) !== 0) n++; return n; }
async function forAwait(r: any) { let n = 0; for await (const _ of r) n++; return n; }
const cases: Record<string, () => unknown> = {
  "copy-mem": () => rt.blockOn(copy(new Mem(), sink())),
  "copy-fill": () => rt.blockOn(copy(new Fill(), sink())),
  "copy-node": () => rt.blockOn(copy(fromNodeReadable(readable()), fromNodeWritable(writable()))),
  "copy-node-plain": () => pipeline(readable(), writable()),
  "copyBuf-node": () => rt.blockOn(copyBuf(fromNodeReadable(readable()), fromNodeWritable(writable()))),
  "copyBuf-fill": () => rt.blockOn(copyBuf(new BufReader(new Fill()), sink())),
  "chunks-node": () => rt.blockOn(chunkGen(fromNodeReadable(readable()))),
  "chunks-node-async": () => rt.blockOn(() => forAwait(fromNodeReadable(readable()))),
  "chunks-node-plain": () => forAwait(readable()),
  "lines-mem": () => rt.blockOn(linesGen(new Mem())),
  "lines-mem-utf": () => rt.blockOn(linesGen(new Mem())),
  "lines-fill": () => rt.blockOn(linesGen(new Fill())),
  "lines-node": () => rt.blockOn(linesGen(fromNodeReadable(readable()))),
  "lines-node-utf": () => rt.blockOn(linesGen(fromNodeReadable(readable()))),
  "lines-node-forawait": () => rt.blockOn(() => linesAsync(fromNodeReadable(readable()))),
  "lines-node-await": () => rt.blockOn(() => linesAwait(fromNodeReadable(readable()))),
  "lines-readline": () => forAwait(readline.createInterface({ input: readable() })),
  "lines-readline-utf": () => forAwait(readline.createInterface({ input: readable() })),
  "lines-manual": async () => { let n = 0, rest = ""; const d = new TextDecoder(); for await (const c of readable()) { const ls = (rest + d.decode(c, { stream: true })).split("\n"); rest = ls.pop()!; for (const _ of ls) n++; } return n; },
  "lines-manual-utf": async () => { let n = 0, rest = ""; const d = new TextDecoder(); for await (const c of readable()) { const ls = (rest + d.decode(c, { stream: true })).split("\n"); rest = ls.pop()!; for (const _ of ls) n++; } return n; },
  "split-mem": () => rt.blockOn(splitGen(new Mem())),
  "split-fill": () => rt.blockOn(splitGen(new Fill())),
  "split-mem-forawait": () => rt.blockOn(() => splitAsync(new Mem())),
  "split-manual": async () => { let n = 0, rest = Buffer.alloc(0); for await (const c0 of readable()) { const c = rest.length ? Buffer.concat([rest, c0]) : c0; let at = 0, e; while ((e = c.indexOf(10, at)) >= 0) { c.subarray(at, e); at = e + 1; n++; } rest = c.subarray(at); } return n; },
  "readLine-mem": () => rt.blockOn(readLineGen(new Mem())),
  "readUntil-mem": () => rt.blockOn(readUntilGen(new Mem())),
  "u32-mem": () => rt.blockOn(u32Gen(new Mem())),
  "read1k-mem": () => rt.blockOn(read1k(new Mem())),
  "read1k-buf-fill": () => rt.blockOn(read1k(new BufReader(new Fill()))),
};
const runs = Number(process.argv[4] ?? 3); let best = Infinity, n: unknown;
for (let i = 0; i < runs; i++) { const t = performance.now(); n = await cases[which]!(); best = Math.min(best, performance.now() - t); }
const ops = typeof n === "number" ? ` ${(best * 1e6 / n).toFixed(0)} ns/op (${n})` : "";
console.log(which.padEnd(22), best.toFixed(0).padStart(6), "ms", (total / best / 1e6).toFixed(2).padStart(7), "GB/s", ops);
process.exit(0);
