/** Dropped code whose rejections nobody handles; and, with an argument, one that is not ours. */
import { Builder, pending } from "@rt/core";

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

process.on("warning", ({ name }) => console.log(name));
const runtime = Builder.currentThread().build();
let late: Promise<void> | undefined;
const task = runtime.spawn(async () => {
  void (async () => await pending())();
  late = (async () => await pending())();
  if (process.argv[2] === "another")
    void pending().then(null, () => {
      throw new Error("another");
    });
  await pending();
});
await wait(5);
task.abort();
await task.then(null, (error: unknown) => console.log((error as Error).name));
await wait(5);
await late?.catch(({ name }: Error) => console.log(name));
await wait(5);
console.log("end of main");
