/** Integers and floats in both byte orders: one table, from which the methods of readers and writers are made. */
import { type Coded, rangeError, show, typeError } from "@rt/core/driver";
import type { Future } from "@rt/core";

/**
 * The methods of every {@link Reader} that read one number. Big-endian, or little-endian where the name ends in `Le`.
 *
 * Cancel safety: on a {@link BufRead}, giving up loses nothing. On other readers a number of more than one byte that
 * has arrived in part is lost.
 *
 * @throws {@link IoError} of kind `UnexpectedEof` when the input ends before the number does.
 * @see Tokio `io::AsyncReadExt::read_u8` and so on
 * @public
 */
export interface NumberReads {
  readU8(): Future<number>;
  readI8(): Future<number>;
  readU16(): Future<number>;
  readI16(): Future<number>;
  readU32(): Future<number>;
  readI32(): Future<number>;
  readU64(): Future<bigint>;
  readI64(): Future<bigint>;
  readU128(): Future<bigint>;
  readI128(): Future<bigint>;
  readF32(): Future<number>;
  readF64(): Future<number>;
  readU16Le(): Future<number>;
  readI16Le(): Future<number>;
  readU32Le(): Future<number>;
  readI32Le(): Future<number>;
  readU64Le(): Future<bigint>;
  readI64Le(): Future<bigint>;
  readU128Le(): Future<bigint>;
  readI128Le(): Future<bigint>;
  readF32Le(): Future<number>;
  readF64Le(): Future<number>;
}

/**
 * The methods of every {@link Writer} that write one number. Big-endian, or little-endian where the name ends in `Le`.
 *
 * Cancel safety: giving up may leave a part of the number written.
 *
 * @throws RangeError at once when an integer does not fit.
 * @throws {@link IoError} of kind `WriteZero` when the writer takes no more.
 * @see Tokio `io::AsyncWriteExt::write_u8` and so on
 * @public
 */
export interface NumberWrites {
  writeU8(value: number): Future<void>;
  writeI8(value: number): Future<void>;
  writeU16(value: number): Future<void>;
  writeI16(value: number): Future<void>;
  writeU32(value: number): Future<void>;
  writeI32(value: number): Future<void>;
  writeU64(value: bigint): Future<void>;
  writeI64(value: bigint): Future<void>;
  writeU128(value: bigint): Future<void>;
  writeI128(value: bigint): Future<void>;
  writeF32(value: number): Future<void>;
  writeF64(value: number): Future<void>;
  writeU16Le(value: number): Future<void>;
  writeI16Le(value: number): Future<void>;
  writeU32Le(value: number): Future<void>;
  writeI32Le(value: number): Future<void>;
  writeU64Le(value: bigint): Future<void>;
  writeI64Le(value: bigint): Future<void>;
  writeU128Le(value: bigint): Future<void>;
  writeI128Le(value: bigint): Future<void>;
  writeF32Le(value: number): Future<void>;
  writeF64Le(value: number): Future<void>;
}

type Num = number | bigint;

/** One kind of number in one byte order. */
export interface NumberKind {
  /** As in the method's name: `U16Le`. */
  readonly name: string;
  readonly size: number;
  get(view: DataView): Num;
  set(view: DataView, value: Num): void;
}

const WIDE = 2n ** 64n - 1n;

/** The halves of a 128-bit number; the upper one says the sign. */
function get128(view: DataView, le: boolean, signed: boolean): bigint {
  const low = view.getBigUint64(le ? 0 : 8, le);
  const high = signed ? view.getBigInt64(le ? 8 : 0, le) : view.getBigUint64(le ? 8 : 0, le);
  return (high << 64n) | low;
}

function set128(view: DataView, value: bigint, le: boolean): void {
  view.setBigUint64(le ? 0 : 8, value & WIDE, le);
  view.setBigUint64(le ? 8 : 0, (value >> 64n) & WIDE, le);
}

function checkFits(name: string, value: Num, bits: number, signed: boolean): void {
  const big = bits > 32;
  if (typeof value !== (big ? "bigint" : "number"))
    throw wrong(name, value, typeError, `takes a ${big ? "bigint" : "number"}`);
  if (!big && !Number.isInteger(value)) throw wrong(name, value, rangeError, "takes an integer");
  const half = big ? 2n ** BigInt(bits - 1) : 2 ** (bits - 1);
  const [min, max] = signed
    ? [-half, half]
    : [big ? 0n : 0, big ? (half as bigint) * 2n : (half as number) * 2];
  if (value < min || value >= max) throw wrong(name, value, rangeError, `takes ${bits} bits`);
}

function wrong<E extends Error>(
  name: string,
  value: Num,
  make: (message: string) => Coded<E>,
  takes: string,
): Coded<E> {
  return make(`write${name} ${takes}, not ${show(value)}`);
}

function kind(letter: "U" | "I" | "F", bits: number, le: boolean): NumberKind {
  const name = `${letter}${bits}${le ? "Le" : ""}`;
  const size = bits / 8;
  const signed = letter === "I";
  if (bits === 128) {
    return {
      name,
      size,
      get: (view) => get128(view, le, signed),
      set(view, value) {
        checkFits(name, value, bits, signed);
        set128(view, value as bigint, le); // checked above
      },
    };
  }
  const type = letter === "F" ? `Float${bits}` : `${bits > 32 ? "Big" : ""}${signed ? "Int" : "Uint"}${bits}`;
  // DataView has these methods for every combination that NUMBERS is made of.
  const view = DataView.prototype as unknown as Record<string, (...args: unknown[]) => Num>;
  const getter = view[`get${type}`] as (at: number, le: boolean) => Num;
  const setter = view[`set${type}`] as (at: number, value: Num, le: boolean) => void;
  return {
    name,
    size,
    get: (bytes) => getter.call(bytes, 0, le),
    set(bytes, value) {
      if (letter !== "F") checkFits(name, value, bits, signed);
      else if (typeof value !== "number") throw wrong(name, value, typeError, "takes a number");
      setter.call(bytes, 0, value, le);
    },
  };
}

/** Every kind that there are methods for. */
export const NUMBERS: readonly NumberKind[] = [false, true].flatMap((le) => [
  ...[8, 16, 32, 64, 128].flatMap((bits) =>
    le && bits === 8 ? [] : [kind("U", bits, le), kind("I", bits, le)],
  ),
  kind("F", 32, le),
  kind("F", 64, le),
]);

/** The largest of them. */
export const WIDEST = 16;
