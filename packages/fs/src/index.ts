/**
 * Files and directories.
 * @packageDocumentation
 */
export { DirEntry, ReadDir, readDir } from "./dir.ts";
export { DirBuilder } from "./dir-builder.ts";
export { File, type FromFdOptions } from "./file.ts";
export { FileType, Metadata, Permissions } from "./metadata.ts";
export { OpenOptions } from "./open-options.ts";
export {
  canonicalize,
  createDir,
  createDirAll,
  hardLink,
  metadata,
  readLink,
  removeDir,
  removeDirAll,
  removeFile,
  rename,
  setPermissions,
  symlink,
  symlinkDir,
  symlinkFile,
  symlinkMetadata,
  tryExists,
} from "./paths.ts";
export { copy, read, readToString, write } from "./whole-files.ts";
