import { Interest, Ready } from "@rt/net";
import { describe, expect, it } from "vitest";

describe("Interest", () => {
  it("is joined with add", () => {
    const both = Interest.READABLE.add(Interest.WRITABLE);
    expect([both.isReadable(), both.isWritable(), both.isError(), both.isPriority()]).toEqual([
      true,
      true,
      false,
      false,
    ]);
    expect(Interest.ERROR.isError()).toBe(true);
    expect(Interest.PRIORITY.isPriority()).toBe(true);
  });

  it("gives null when nothing remains", () => {
    const both = Interest.READABLE.add(Interest.WRITABLE);
    const left = both.remove(Interest.READABLE);
    expect([left?.isReadable(), left?.isWritable()]).toEqual([false, true]);
    expect(left?.remove(Interest.WRITABLE)).toBeNull();
  });
});

describe("Ready", () => {
  it("counts a closed direction as ready", () => {
    expect([Ready.READ_CLOSED.isReadable(), Ready.READ_CLOSED.isReadClosed()]).toEqual([true, true]);
    expect([Ready.WRITE_CLOSED.isWritable(), Ready.WRITE_CLOSED.isWriteClosed()]).toEqual([true, true]);
    expect([Ready.READABLE.isReadClosed(), Ready.READABLE.isWritable()]).toEqual([false, false]);
  });

  it("has set operators", () => {
    const both = Ready.READABLE.or(Ready.WRITABLE);
    expect(both.and(Ready.WRITABLE).equals(Ready.WRITABLE)).toBe(true);
    expect(both.without(Ready.READABLE).equals(Ready.WRITABLE)).toBe(true);
    expect(both.without(Ready.ALL).isEmpty()).toBe(true);
    expect(Ready.EMPTY.isEmpty()).toBe(true);
    expect([Ready.ALL.isError(), Ready.ALL.isPriority(), Ready.READABLE.isError()]).toEqual([
      true,
      true,
      false,
    ]);
  });
});
