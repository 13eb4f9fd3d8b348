/** On a paused clock, a blockOn waits for work outside alone. Prints how many milliseconds of CPU that took. */
import { Builder, fromPromise } from "@rt/core";
import { sleep } from "@rt/time";

const runtime = Builder.currentThread().startPaused(true).build();
await runtime.blockOn(sleep(1000));
const before = process.cpuUsage();
await runtime.blockOn(fromPromise(new Promise((resolve) => setTimeout(resolve, 500))));
const { user, system } = process.cpuUsage(before);
console.log(Math.round((user + system) / 1000));
