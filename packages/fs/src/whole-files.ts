/** A file in one go. */
import { type Async, type Future, intoFuture } from "@rt/core";
import { IoError } from "@rt/io";
import { constants, copyFile, readFile, stat, writeFile, type PathLike, type Stats } from "node:fs";
import type { File } from "./file.ts";
import { call } from "./internal/pool.ts";
import { Whole } from "./internal/whole.ts";

const { O_CREAT, O_RDONLY, O_TRUNC, O_WRONLY } = constants;

/**
 * The bytes of a file.
 *
 * Cancel safety: giving up stops the waiting; the file is read all the same. What has come of a FIFO is lost.
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
  return reading(path, ({ buffer, byteOffset, length }) => new Uint8Array(buffer, byteOffset, length)); // whose slice() copies
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
  return reading(path, (bytes) => {
    try {
      return decoder.decode(bytes);
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
  });
}

function reading<T>(path: PathLike, finish: (bytes: Uint8Array) => T): Future<T> {
  return new Whole<Uint8Array, T>({
    verb: "a read",
    path,
    flags: O_RDONLY,
    atOnce: readFile,
    bitByBit: (file) => file.readToEnd(),
    finish,
  });
}

/**
 * Writes a file in one go: makes it, or replaces what was in it. Text is written as UTF-8.
 *
 * Cancel safety: giving up stops the waiting; the file is written all the same. Leave `data` alone until it is. Of a
 * FIFO that waits for a reader, nothing is written then.
 * @throws {@link IoError} of kind `NotFound` when the directory is not there, `PermissionDenied` …
 * @see Tokio `fs::write`
 * @public
 */
export function write(path: PathLike, data: Uint8Array | string): Future<void> {
  // Node throws before it has opened anything.
  if (typeof data !== "string" && !ArrayBuffer.isView(data))
    return call("a write", path, (done) => writeFile(path, data, done));
  return new Whole<void, void>({
    verb: "a write",
    path,
    flags: O_WRONLY | O_CREAT | O_TRUNC,
    atOnce: (fd, done) => writeFile(fd, data, done),
    bitByBit: (file) => intoFuture(writeThrough(file, data)),
    finish: () => {},
  });
}

function* writeThrough(file: File, data: Uint8Array | string): Async<void> {
  yield* file.writeAll(data);
  yield* file.flush();
}

/**
 * Copies a file with its permissions, replacing what is at `to`, and gives how many bytes there are.
 *
 * Cancel safety: giving up stops the waiting; the file is copied all the same.
 * @throws {@link IoError} when `from` is not there, or one may not; of kind `InvalidInput` when one of them is a FIFO, or
 * `from` is a device.
 * @see Tokio `fs::copy`
 * @public
 */
export function copy(from: PathLike, to: PathLike): Future<number> {
  return call<number>("a copy", from, (done) => {
    // Opening a FIFO would keep a thread of the pool until its other end comes, and copy nothing then. What else is wrong,
    // the copying tells.
    let refusal: IoError | null = null;
    let looks = 2;
    const seen = (path: PathLike, stats: Stats | undefined): void => {
      if (stats?.isFIFO() === true || (path === from && stats?.isCharacterDevice() === true))
        refusal ??= noFile(path);
      looks -= 1;
      if (looks > 0) return;
      if (refusal !== null) return done(refusal);
      copyFile(from, to, (error) => {
        if (error) done(error);
        else stat(to, (failed, copied) => done(failed, copied?.size));
      });
    };
    stat(from, (_missing, stats) => seen(from, stats));
    stat(to, (_missing, stats) => seen(to, stats));
  });
}

function noFile(path: PathLike): IoError {
  return new IoError(
    "InvalidInput",
    `Cannot copy ${String(path)}: it is a FIFO or a device; open it, and use copy of @rt/io`,
    { code: "EINVAL", syscall: "copyfile", path: String(path) },
  );
}
