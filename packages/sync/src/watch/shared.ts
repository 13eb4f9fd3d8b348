/** The value behind a watch channel. */
import { Multicast } from "../internal/multicast.ts";

/**
 * The value of a watch channel, to be edited in place. It belongs to the call that gave it: what is changed later is
 * told to nobody.
 * @public
 */
export interface Current<T> {
  value: T;
}

export class Shared<T> extends Multicast implements Current<T> {
  value: T;

  constructor(value: T) {
    super();
    this.value = value;
  }

  changed(): void {
    this.sent += 1;
    if (this.line.first !== null) this.line.wakeAll();
  }
}

/**
 * What the value was when it was read. It blocks nobody: sending goes on, and is seen by the next read.
 *
 * An object in it is the channel's own, not a copy, so an edit in place shows.
 * @see Tokio `sync::watch::Ref`, which holds a lock on the value
 * @public
 */
export class Ref<T> {
  readonly value: T;
  /** @internal */
  readonly _isNew: boolean;

  /** @internal */
  constructor(value: T, isNew: boolean) {
    this.value = value;
    this._isNew = isNew;
  }

  /** Whether the receiver that read it had not seen it before. Always false where a sender read it. */
  hasChanged(): boolean {
    return this._isNew;
  }
}
