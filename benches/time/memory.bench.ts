import { bench, type Case } from "../harness/case.ts";
import { EFFECT } from "../harness/contestants.ts";

/** The two differ in what the tasks wait for only: the bar is on the difference. */
function waiting(name: string, about: string): Case {
  return bench(name, {
    about,
    per: "task",
    batch: 1,
    metrics: [{ name: "bytes", unit: "B" }],
    ops: { default: 1_000_000, [EFFECT]: 100_000 },
    fresh: true,
    rounds: 2,
  });
}

export default [
  waiting("memory/tasks", "tasks that wait for ever"),
  waiting("memory/sleeping-tasks", "tasks that sleep for an hour"),
] satisfies readonly Case[];
