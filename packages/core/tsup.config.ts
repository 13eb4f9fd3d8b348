import { library } from "../../tooling/build/tsup.ts";

export default library({
  faces: ["src/index.ts", "src/driver.ts"],
  inner: ["src/platform/node.ts", "src/platform/web.ts"],
  short: {
    // Bits of it are free for the leaf futures of others.
    keep: ["_state"],
    also: (
      "ambient asyncScope awaitFuture awaitTask blockOns bridge budget cancelled cell cleanups config context " +
      "controller core counters decorate driverOf ends enlist entered enteredSets filled first forcedYields " +
      "generator heavyPolls injected killed lastRuntimeId lastTaskId latencies lent list localSchedules " +
      "localSets locals makeTask noops noteFailure outsideWork owner panic parks pollTimes pushes remoteSchedules " +
      "remove reportFailure reportSlowPoll resumed root runtimes schedule scheduledAt scopes setRef shutdownOnPanic site slots " +
      "snapshot spawned stepping suspension takeOver tell threadHook timed timers toArray tracing tracksLatency " +
      "unparks wakers watchExit watched whenEmpty"
    ).split(" "),
  },
});
