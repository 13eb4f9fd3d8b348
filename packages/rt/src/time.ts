/** Timers, time-outs, intervals, and a clock that can be paused. @packageDocumentation */
export * from "@rt/time";
