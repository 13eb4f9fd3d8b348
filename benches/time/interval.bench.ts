import { bench, type Case } from "../harness/case.ts";

export default [
  bench("interval/paused", {
    about: "a task waits for the ticks of an interval; the clock is paused and jumps to the next one",
    per: "tick",
    batch: 1_000,
    chart: false,
  }),
] satisfies readonly Case[];
