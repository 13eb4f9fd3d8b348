/** Tasks end and leave code behind: some that waits, some that comes to an await of ours later. */
import { Builder, pending, spawn, TaskBuilder, yieldNow } from "@rt/core";

const runtime = Builder.currentThread().build();
await runtime.blockOn(async () => {
  await new TaskBuilder().name("waits").spawn(async () => {
    void (async () => await pending())();
    await yieldNow();
  });
  await new TaskBuilder().name("comes later").spawn(async () => {
    setTimeout(() => void (async () => await yieldNow())(), 5);
  });
  await spawn(async () => await yieldNow());
  await new Promise((resolve) => setTimeout(resolve, 20));
});
console.log("end of main");
runtime.shutdownBackground();
