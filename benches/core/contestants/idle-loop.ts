/** Node's own event loop with nothing else to do: how late timers and sockets are at best. */

import type { Contestant } from "../../harness/case.ts";
import { latency } from "../fairness/latency.ts";
import { type Slice, SLICE_MS } from "../fairness/slice.ts";

function doNothing(_slice: Slice): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, SLICE_MS));
}

export default {
  "fairness/two-always-ready": () => latency(doNothing),
} satisfies Contestant;
