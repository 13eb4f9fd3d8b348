/** A file in one go. */
import type { Future } from "@rt/core";
import { IoError } from "@rt/io";
import { copyFile, readFile, stat, writeFile, type PathLike } from "node:fs";
import { call, PoolCall } from "./internal/pool.ts";

/**
 * The bytes of a file.
 *
 * Cancel safety: giving up stops the waiting; the file is read all the same.
 * @throws {@link IoError} of kind `NotFound`, `PermissionDenied`, `IsADirectory` … with Node's `code` and `path`.
 * @example
 * ```ts
 * import { tmpdir } from "node:os";
 * const path = `${tmpdir()}/rt-doc-read`;
 * yield* write(path, "hello");
 * const bytes = yield* read(path);
 * yield* removeFile(path);
 * bytes.length; // => 5
 * ```
 * @see Tokio `fs::read`
 * @public
 */
export function read(path: PathLike): Future<Uint8Array> {
  return new PoolCall<Buffer, Uint8Array>({
    verb: "a read",
    path,
    start: (done) => readFile(path, done),
    finish: (buffer) => new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length), // whose slice() copies
  });
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The text of a file, which must be UTF-8. A byte order mark is kept.
 *
 * Cancel safety: as {@link read}.
 * @throws {@link IoError} of kind `InvalidData` when it is not valid UTF-8, else as {@link read}.
 * @see Tokio `fs::read_to_string`
 * @public
 */
export function readToString(path: PathLike): Future<string> {
  return new PoolCall<Buffer, string>({
    verb: "a read",
    path,
    start: (done) => readFile(path, done),
    finish(buffer) {
      try {
        return decoder.decode(buffer);
      } catch (cause) {
        throw new IoError(
          "InvalidData",
          `Cannot decode ${String(path)}: it is not valid UTF-8; read its bytes`,
          {
            path: String(path),
            cause,
          },
        );
      }
    },
  });
}

/**
 * Writes a file in one go: makes it, or replaces what was in it. Text is written as UTF-8.
 *
 * Cancel safety: giving up stops the waiting; the file is written all the same. Leave `data` alone until it is.
 * @throws {@link IoError} of kind `NotFound` when the directory is not there, `PermissionDenied` …
 * @see Tokio `fs::write`
 * @public
 */
export function write(path: PathLike, data: Uint8Array | string): Future<void> {
  return call("a write", path, (done) => writeFile(path, data, done));
}

/**
 * Copies a file with its permissions, replacing what is at `to`, and gives how many bytes there are.
 *
 * Cancel safety: giving up stops the waiting; the file is copied all the same.
 * @throws {@link IoError} when `from` is not there, or one of them is no file, or one may not.
 * @see Tokio `fs::copy`
 * @public
 */
export function copy(from: PathLike, to: PathLike): Future<number> {
  return call<number>("a copy", from, (done) =>
    copyFile(from, to, (error) => {
      if (error) done(error);
      else stat(to, (failed, stats) => done(failed, stats?.size));
    }),
  );
}
