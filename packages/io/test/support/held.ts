/** What small chunks keep alive: counted in buffers, which do not depend on the engine's mood as the resident size does. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { PENDING, type Context, type Poll } from "@rt/core";
import { ChunkReader } from "@rt/io";
import { turn } from "./io.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** How large the buffer is that each chunk of a {@link Drip} is a view of. */
export const BUFFER: number = 64 * 1024;

/** Gives `text` a piece at a time, each a view of a large buffer of its own; then it waits for ever. */
export class Drip extends ChunkReader {
  readonly #buffers: WeakRef<ArrayBuffer>[] = [];
  readonly #text: string;
  readonly #size: number;
  #at = 0;
  constructor(text: string, size: number = 1) {
    super();
    this.#text = text;
    this.#size = size;
  }

  override pollNextChunk(_context: Context): Poll<Uint8Array | undefined> {
    if (this.#at >= this.#text.length) return PENDING;
    const buffer = new ArrayBuffer(BUFFER);
    this.#buffers.push(new WeakRef(buffer));
    const chunk = new Uint8Array(buffer, 0, Math.min(this.#size, this.#text.length - this.#at));
    for (let i = 0; i < chunk.length; i += 1) chunk[i] = this.#text.charCodeAt(this.#at + i);
    this.#at += chunk.length;
    return chunk;
  }

  /** How many bytes of its buffers are still alive. */
  async held(): Promise<number> {
    await turn(); // what was looked at in this turn stays until its end
    collect();
    return this.#buffers.reduce((sum, ref) => sum + (ref.deref()?.byteLength ?? 0), 0);
  }
}
