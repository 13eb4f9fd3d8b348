/** What happened, in order. Keys are a statement's number and a word; only what comes from outside repeats keys. */
export interface Event {
  readonly key: string;
  readonly info: string;
}

export const OUTSIDE = "outside";

export class Trace {
  readonly events: Event[] = [];

  log(key: string, info = ""): void {
    this.events.push({ key, info });
  }

  lines(): string[] {
    return this.events.map(({ key, info }) => (info === "" ? key : `${key} ${info}`));
  }
}

/** What `fail` throws, and a broken wait. */
export class ProgramError extends Error {
  override readonly name = "ProgramError";
  readonly id: number;
  constructor(id: number) {
    super(`failed at ${id}`);
    this.id = id;
  }
}
