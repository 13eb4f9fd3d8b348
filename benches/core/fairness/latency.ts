/**
 * `fairness/two-always-ready`: slices of two yielding tasks alone alternate with slices in which a 1 ms timer and a
 * loopback socket want to be served, too.
 */

import type { Measurement } from "../../harness/case.ts";
import { quantile } from "../../harness/stats.ts";
import { EchoProbe } from "./echo-probe.ts";
import { Slice } from "./slice.ts";
import { TimerProbe } from "./timer-probe.ts";

const PAIRS = 8;

/** `runTwo` runs the two tasks until the slice ends. */
export async function latency(runTwo: (slice: Slice) => PromiseLike<void>): Promise<Measurement> {
  const echo = await EchoProbe.open();
  const timer = new TimerProbe();
  const alone: number[] = [];
  const served: number[] = [];
  await oneSlice(runTwo); // warms up
  for (let pair = 0; pair < PAIRS; pair += 1) {
    alone.push(await oneSlice(runTwo));
    timer.start();
    echo.start();
    served.push(await oneSlice(runTwo));
    timer.stop();
    await echo.stop();
  }
  echo.close();
  const yieldNs = median(alone);
  return {
    ...spread("timer", timer.latenessMs),
    ...spread("socket", echo.roundTripsMs),
    ...(Number.isFinite(yieldNs) ? { yield: yieldNs, loss: (1 - yieldNs / median(served)) * 100 } : {}),
  };
}

async function oneSlice(runTwo: (slice: Slice) => PromiseLike<void>): Promise<number> {
  const slice = new Slice();
  await runTwo(slice);
  return slice.nsPerYield;
}

function median(values: readonly number[]): number {
  return quantile(
    values.toSorted((a, b) => a - b),
    0.5,
  );
}

function spread(name: string, values: readonly number[]): Measurement {
  if (values.length < 100)
    throw new Error(`The ${name} was served only ${values.length} times: too few for a p99`);
  const sorted = values.toSorted((a, b) => a - b);
  return {
    [`${name} p50`]: quantile(sorted, 0.5),
    [`${name} p99`]: quantile(sorted, 0.99),
    [`${name} max`]: quantile(sorted, 1),
  };
}
