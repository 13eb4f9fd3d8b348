import { inHalfAtMostTimes } from "../harness/bars.ts";
import type { AreaDefinition } from "../harness/case.ts";
import { GENERATOR, TOKIO } from "../harness/contestants.ts";
import broadcast from "./broadcast.bench.ts";
import jobs from "./jobs.bench.ts";
import mpsc from "./mpsc.bench.ts";
import mutex from "./mutex.bench.ts";
import notify from "./notify.bench.ts";
import oneshot from "./oneshot.bench.ts";
import request from "./request.bench.ts";
import rwlock from "./rwlock.bench.ts";
import semaphore from "./semaphore.bench.ts";
import watch from "./watch.bench.ts";

const likeTokio = [
  ...mpsc,
  ...oneshot,
  ...request,
  ...broadcast,
  ...watch,
  ...notify,
  ...semaphore,
  ...mutex,
  ...rwlock,
];

export default {
  cases: [...likeTokio, ...jobs],
  bars: [
    inHalfAtMostTimes(
      likeTokio.map(({ name }) => ({ case: name })),
      GENERATOR,
      1,
      TOKIO,
    ),
  ],
} satisfies AreaDefinition;
