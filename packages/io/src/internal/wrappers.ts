/**
 * What the methods of readers need of classes that extend readers. A late binding, because a class can't be evaluated
 * before the one it extends; each module fills in its own part.
 */
import type { BufReader } from "../buf-reader.ts";
import type { Chain } from "../chain.ts";
import type { AsyncRead } from "../traits.ts";
import type { Take } from "../take.ts";

interface Wrappers {
  take: <R extends AsyncRead>(inner: R, limit: number) => Take<R>;
  chain: <A extends AsyncRead, B extends AsyncRead>(first: A, second: B) => Chain<A, B>;
  buffer: <R extends AsyncRead>(inner: R, capacity?: number) => BufReader<R>;
}

export const wrap: Wrappers = {} as Wrappers; // filled while the package is loaded
