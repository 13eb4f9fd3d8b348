/** A seed for reproducible scheduling. */
import { show, typeError } from "./errors.ts";
import { isBytes } from "./internal/other-realm.ts";

/**
 * Seeds the generator behind random scheduling decisions, such as the branch a `select` starts with.
 * @see Tokio `runtime::RngSeed`
 * @public
 */
export class RngSeed {
  /** @internal */
  readonly _value: number;

  private constructor(value: number) {
    this._value = value;
  }

  /** The same bytes give the same seed. */
  static fromBytes(bytes: Uint8Array): RngSeed {
    if (!isBytes(bytes)) throw typeError(`RngSeed.fromBytes takes a Uint8Array, not ${show(bytes)}`);
    // FNV-1a: every byte reaches every bit of the result.
    let hash = 0x811c9dc5;
    for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
    return new RngSeed(hash);
  }

  /** The same number gives the same seed. */
  static fromNumber(value: number): RngSeed {
    if (typeof value !== "number" || Number.isNaN(value))
      throw typeError(`RngSeed.fromNumber takes a number, not ${show(value)}`);
    return RngSeed.fromBytes(new Uint8Array(new Float64Array([value]).buffer));
  }
}
