/** Awaits futures at the top of a module, without making a runtime. */
import { fromCallback, spawn } from "@rt/core";

const early = await fromCallback<string>((resolve) => void setTimeout(resolve, 5, "a callback"));
const late = await spawn(async () => "a task");
console.log(`${early}, ${late}`);
