/** What is used after it was disposed of. */
import { UsageError } from "@rt/core";

export function disposed(what: string, remedy: string): UsageError {
  return new UsageError("ERR_RT_DISPOSED", `This ${what} was disposed of; ${remedy}`);
}
