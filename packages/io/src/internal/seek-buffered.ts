/** Seeking where some bytes have been read ahead. */
import { classOf } from "@rt/core/driver";
import { IoError } from "../errors.ts";
import type { AsyncSeek, SeekFrom } from "../traits.ts";

/** The seek of what is behind a buffer, or an error where it has no position. */
export function seekable(inner: object): AsyncSeek {
  if (typeof (inner as Partial<AsyncSeek>).startSeek === "function") return inner as AsyncSeek;
  throw new IoError("Unsupported", `Cannot seek: a ${classOf(inner)} has no position`);
}

/** Starts the seek, and gives what has to follow it where one can't express the distance. */
export function seekBuffered(inner: object, position: SeekFrom, unread: number): SeekFrom | null {
  const io = seekable(inner);
  if (!("current" in position)) {
    io.startSeek(position);
    return null;
  }
  const offset = position.current - unread;
  const fits = Number.isSafeInteger(offset);
  io.startSeek({ current: fits ? offset : -unread });
  return fits ? null : position;
}
