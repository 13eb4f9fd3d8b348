/** What `Builder.propagateContext()` costs: a task sees the `AsyncLocalStorage` stores of the place that spawned it. */

import { type Bar, extraCost } from "../harness/bars.ts";
import { bench, type Case } from "../harness/case.ts";
import { ASYNC, GENERATOR } from "../harness/contestants.ts";

function pair(situation: string, about: string, per: string, batch: number): Case[] {
  const off = `als/${situation}-off`;
  const on = `als/${situation}-on`;
  const cost = (contestant: string): Bar =>
    extraCost(
      `als/${situation}: what propagateContext() adds, ${contestant}`,
      { case: on, contestant },
      { case: off, contestant },
    );
  return [
    bench(off, { about: `${about}, without propagateContext()`, per, batch, chart: false }),
    bench(on, {
      about: `${about}, with propagateContext()`,
      per,
      batch,
      chart: false,
      bars: [cost(GENERATOR), cost(ASYNC)],
    }),
  ];
}

export default [
  ...pair("spawn", "spawn 10,000 tasks in two stores, each reads the store; join all", "task", 10_000),
  ...pair("yield", "200 tasks in two stores, each yields 1,000 times and reads the store", "yield", 200_000),
] satisfies readonly Case[];
