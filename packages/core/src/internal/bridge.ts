/** Binds what `Future` needs of later modules. Evaluated once, by every entry of the package. */
import { Builder } from "../builder.ts";
import { awaitFuture, awaitTask } from "./await.ts";
import { realm } from "./realm.ts";

// A second copy of the same version finds the first one's functions here and uses them.
realm.bridge ??= {
  awaitFuture,
  awaitTask,
  ambient: () => (realm.ambient ??= Builder.currentThread().name("default").build()),
};
