/** Leaves two ends to garbage collection, of which one was closed before. Argument: `throws` for one that can't be closed. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { closedProperly, watchForgotten } from "@rt/core/driver";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

let closed = 0;

function openEnd(isClosed: boolean): void {
  const end = {};
  const close = (): void => {
    closed += 1;
    if (process.argv[2] === "throws") throw new Error("can't be closed");
  };
  watchForgotten(end, isClosed ? "a closed end" : "a forgotten end", close, openEnd);
  if (isClosed) closedProperly(end);
}

openEnd(false);
openEnd(true);
for (let i = 0; i < 20; i += 1) {
  if (closed > 0) break;
  await new Promise((resolve) => setTimeout(resolve, 5));
  collect();
}
await new Promise((resolve) => setTimeout(resolve, 5));
console.log(`closed: ${closed}`);
