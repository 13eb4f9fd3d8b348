import { effectBars, rivalBars, tokioBar } from "../harness/bars.ts";
import { bench, type Case } from "../harness/case.ts";
import { SET_TIMEOUT } from "../harness/contestants.ts";
import { BATCH, SPREAD } from "./sizes.ts";

const TASKS = "sleep/100k-concurrent";
const AWAITED = "sleep/100k-awaited";

/** Most of it is waiting: what counts is the processor's time. */
const MANY = {
  per: "sleep",
  batch: 1,
  metrics: [
    { name: "cpu", unit: "ns" },
    { name: "wall", unit: "ns" },
  ],
  headline: "cpu",
  ops: { default: 100_000 },
  warmUps: 5,
};

export default [
  bench("sleep/create-poll-drop", {
    about: "sleeps of 10 s that are polled once and dropped; a timeout that is set and cleared",
    per: "sleep",
    batch: BATCH,
    bars: [tokioBar("sleep/create-poll-drop"), ...rivalBars("sleep/create-poll-drop", [SET_TIMEOUT])],
  }),
  bench(TASKS, {
    ...MANY,
    about: `100,000 tasks sleep for 1 to ${SPREAD} ms, all are joined; processor time, as most of it is waiting`,
    bars: [tokioBar(TASKS, "cpu"), ...effectBars(TASKS, 2, "cpu")],
  }),
  bench(AWAITED, {
    ...MANY,
    about: "the same with async functions that are no tasks",
    bars: rivalBars(AWAITED, [SET_TIMEOUT], "cpu"),
  }),
] satisfies readonly Case[];
