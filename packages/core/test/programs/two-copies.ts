/* oxlint-disable require-yield -- a task need not wait for anything */
/** Loads a second copy of the package, given by its URL, beside the first. */
import * as first from "@rt/core";

const [, , url = ""] = process.argv;
try {
  const second = (await import(url)) as typeof first;
  const sameClasses = second.Future === first.Future;
  const here = first.Handle.current().id();
  const inside = await first.spawn(function* (): first.Async<unknown> {
    yield* second.yieldNow();
    return yield* second.spawn(async () => second.Handle.tryCurrent()?.id());
  });
  console.log(JSON.stringify({ sameClasses, sameRuntime: inside === here, sameTask: await idOf(second) }));

  let drops = 0;
  class Dropped extends first.Future<void> {
    override poll(): first.Poll<void> {
      return first.PENDING;
    }
    override drop(): void {
      drops += 1;
    }
  }
  const handle = second.spawn(new Dropped());
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  handle.abort();
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  console.log(JSON.stringify({ drops }));
} catch (error) {
  const { name, code, message } = error as first.VersionConflictError;
  console.log(JSON.stringify({ name, code, message }));
}

async function idOf(second: typeof first): Promise<boolean> {
  return first.spawn(function* (): first.Async<boolean> {
    return second.id() === first.id();
  });
}
