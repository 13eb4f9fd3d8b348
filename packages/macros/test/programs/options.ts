import { Builder, Handle, LocalRuntime, spawnLocal } from "@rt/core";
import { startsPaused } from "@rt/core/driver";
import { main } from "@rt/macros";

const local = await main({ meta: import.meta, flavor: "local", name: "app", startPaused: true }, async () => {
  const handle = Handle.current();
  const value = await spawnLocal(async () => 5);
  return [handle.name(), startsPaused(handle), value];
});
const built = await main(
  { meta: import.meta, builder: () => Builder.currentThread().name("mine") },
  async () => Handle.current().name(),
);
if (local !== undefined) console.log(JSON.stringify([local, built, typeof LocalRuntime]));
