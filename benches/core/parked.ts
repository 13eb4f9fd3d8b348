/** `memory/parked`, as far as it is the same for all JavaScript contestants. */

export interface Parked {
  readonly tasks: number;
  started: number;
  finalized: number;
}

export function parkedTasks(tasks: number): Parked {
  return { tasks, started: 0, finalized: 0 };
}

/** @throws Error when a dropped task did not run its `finally`. */
export function assertFinalized({ tasks, finalized }: Parked): void {
  if (finalized !== tasks) throw new Error(`${finalized} of ${tasks} parked tasks ran their finally`);
}
