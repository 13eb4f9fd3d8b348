/** What a task that waits for I/O is told to wait for. */
import { classOf } from "@rt/core/driver";

export function describeRead(io: object): string {
  return `data to read from a ${classOf(io)}`;
}

export function describeWrite(io: object): string {
  return `room to write to a ${classOf(io)}`;
}
