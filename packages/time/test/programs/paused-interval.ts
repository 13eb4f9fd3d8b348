/** An interval was left behind on a paused clock. */
import { spawn, type Async } from "@rt/core";
import { interval, pause } from "@rt/time";

function* tick(): Async<void> {
  const every = interval(1000);
  for (;;) yield* every.tick();
}

pause();
spawn(tick());
console.log("end of main");
