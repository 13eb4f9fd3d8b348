/** What can be done with a name in the file system. */
import type { Future } from "@rt/core";
import {
  chmod,
  link,
  lstat,
  mkdir,
  readlink,
  realpath,
  rename as renamePath,
  rm,
  rmdir,
  stat,
  symlink as makeSymlink,
  unlink,
  type PathLike,
  type Stats,
} from "node:fs";
import { IoError } from "@rt/io";
import { action, call, PoolCall, type Done } from "./internal/pool.ts";
import { Metadata, type Permissions } from "./metadata.ts";

/**
 * The path without links, `.` and `..`, from the root. Every part of it must be there.
 * @throws {@link IoError}
 * @see Tokio `fs::canonicalize`
 * @public
 */
export function canonicalize(path: PathLike): Future<string> {
  return call<string>("the real path", path, (done) => realpath.native(path, done));
}

/**
 * Where a symbolic link leads.
 * @throws {@link IoError} of kind `InvalidInput` when it is no link.
 * @see Tokio `fs::read_link`
 * @public
 */
export function readLink(path: PathLike): Future<string> {
  return call<string>("the link", path, (done) => readlink(path, done));
}

/**
 * What the system knows about a file, or about what a link leads to.
 * @throws {@link IoError}
 * @see Tokio `fs::metadata`
 * @public
 */
export function metadata(path: PathLike): Future<Metadata> {
  return metadataBy((done) => stat(path, done), path);
}

/** As {@link metadata}, but about the link itself. @see Tokio `fs::symlink_metadata` @public */
export function symlinkMetadata(path: PathLike): Future<Metadata> {
  return metadataBy((done) => lstat(path, done), path);
}

function metadataBy(start: (done: Done<Stats>) => void, path: PathLike): Future<Metadata> {
  return new PoolCall<Stats, Metadata>({
    verb: "the metadata",
    path,
    start,
    finish: (stats) => new Metadata(stats),
  });
}

/**
 * Says who may do what with a file, or with what a link leads to.
 * @throws {@link IoError}
 * @see Tokio `fs::set_permissions`
 * @public
 */
export function setPermissions(path: PathLike, permissions: Permissions): Future<void> {
  return action("a chmod", path, (done) => chmod(path, permissions.mode(), done));
}

/**
 * Whether there is something at `path`. A link that leads nowhere is not.
 * @throws {@link IoError} when that can't be told, as without permission for a directory above it.
 * @see Tokio `fs::try_exists`
 * @public
 */
export function tryExists(path: PathLike): Future<boolean> {
  return call<boolean>("a look", path, (done) =>
    stat(path, (error) => {
      if (error?.code === "ENOENT") done(null, false);
      else done(error, true);
    }),
  );
}

/**
 * Makes a directory.
 * @throws {@link IoError} of kind `AlreadyExists`, or `NotFound` when the one above it is not there.
 * @see Tokio `fs::create_dir`
 * @public
 */
export function createDir(path: PathLike): Future<void> {
  return action("a mkdir", path, (done) => mkdir(path, done));
}

/**
 * Makes a directory and those above it that are missing. Does nothing when it is there.
 * @throws {@link IoError} of kind `AlreadyExists` when there is something else than a directory.
 * @see Tokio `fs::create_dir_all`
 * @public
 */
export function createDirAll(path: PathLike): Future<void> {
  return action("a mkdir", path, (done) => mkdir(path, { recursive: true }, (error) => done(error)));
}

/**
 * Removes a file or a link.
 * @throws {@link IoError}
 * @see Tokio `fs::remove_file`
 * @public
 */
export function removeFile(path: PathLike): Future<void> {
  return action("a removal", path, (done) => unlink(path, done));
}

/**
 * Removes an empty directory.
 * @throws {@link IoError} of kind `DirectoryNotEmpty`, `NotFound` …
 * @see Tokio `fs::remove_dir`
 * @public
 */
export function removeDir(path: PathLike): Future<void> {
  return action("a removal", path, (done) => rmdir(path, done));
}

/**
 * Removes a directory with all that is in it. Links are removed, not followed; so is `path` itself when it is one.
 *
 * Cancel safety: giving up stops the waiting; it is removed all the same.
 * @throws {@link IoError} of kind `NotADirectory` when it is a file, `NotFound` …
 * @see Tokio `fs::remove_dir_all`
 * @public
 */
export function removeDirAll(path: PathLike): Future<void> {
  return action("a removal", path, (done) =>
    // Node would remove a file as well.
    lstat(path, (error, stats) => {
      if (error) done(error);
      else if (stats.isDirectory()) rm(path, { recursive: true }, done);
      else if (stats.isSymbolicLink()) unlink(path, done);
      else done(notADirectory(path));
    }),
  );
}

function notADirectory(path: PathLike): IoError {
  return new IoError("NotADirectory", `Cannot remove ${String(path)}: it is no directory; use removeFile`, {
    code: "ENOTDIR",
    syscall: "rm",
    path: String(path),
  });
}

/**
 * Gives a file or directory another name, replacing a file that has it.
 * @throws {@link IoError}; its `code` is `EXDEV` when that would lead to another file system.
 * @see Tokio `fs::rename`
 * @public
 */
export function rename(from: PathLike, to: PathLike): Future<void> {
  return action("a rename", from, (done) => renamePath(from, to, done));
}

/**
 * Gives a file one more name.
 * @throws {@link IoError} of kind `AlreadyExists` when `to` is there, `NotFound` when `from` is not.
 * @see Tokio `fs::hard_link`
 * @public
 */
export function hardLink(from: PathLike, to: PathLike): Future<void> {
  return action("a link", from, (done) => link(from, to, done));
}

/**
 * Makes a symbolic link at `to` that leads to `from`, which need not be there. On Windows Node finds out whether
 * that is a directory.
 * @throws {@link IoError} of kind `AlreadyExists` …
 * @see Tokio `fs::symlink`
 * @public
 */
export function symlink(from: PathLike, to: PathLike): Future<void> {
  return action("a symlink", to, (done) => makeSymlink(from, to, done));
}

/** As {@link symlink}, to a directory: Windows wants to know. @see Tokio `fs::symlink_dir` @public */
export function symlinkDir(from: PathLike, to: PathLike): Future<void> {
  return action("a symlink", to, (done) => makeSymlink(from, to, "dir", done));
}

/** As {@link symlink}, to a file: Windows wants to know. @see Tokio `fs::symlink_file` @public */
export function symlinkFile(from: PathLike, to: PathLike): Future<void> {
  return action("a symlink", to, (done) => makeSymlink(from, to, "file", done));
}
