/** Two tasks that wait for each other. */
import { Builder, TaskBuilder, type Async, type JoinHandle } from "@rt/core";

const handles: JoinHandle<void>[] = [];

function* waitForOther(other: number): Async<void> {
  yield* handles[other] as JoinHandle<void>;
}

const runtime = Builder.currentThread().build();
await runtime.blockOn(function* (): Async<void> {
  handles.push(new TaskBuilder().name("alice").spawn(waitForOther(1)));
  handles.push(new TaskBuilder().name("bob").spawn(waitForOther(0)));
  yield* handles[0] as JoinHandle<void>;
});
