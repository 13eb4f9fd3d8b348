/** The future that never completes. */
import { Future, PENDING, type Poll } from "./future.ts";

class Pending extends Future<never> {
  override poll(): Poll<never> {
    return PENDING;
  }
  override describe(): string {
    return "pending(), which never completes";
  }
}

/** Never completes. Only dropping ends the wait. @see `std::future::pending` @public */
export function pending(): Future<never> {
  return new Pending();
}
