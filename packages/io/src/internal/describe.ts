/** What a task that waits for I/O is told to wait for. */
export function describeRead(io: object): string {
  return `data to read from a ${io.constructor.name}`;
}

export function describeWrite(io: object): string {
  return `room to write to a ${io.constructor.name}`;
}
