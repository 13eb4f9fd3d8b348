import { describe, expect, it } from "vitest";
import { matcher } from "../src/server/glob.ts";

describe("matcher", () => {
  it.each([
    ["*", ["", "a", "abc"], []],
    ["h?llo", ["hello", "hallo"], ["hllo", "heello"]],
    ["h*llo", ["hllo", "heeello"], ["hell"]],
    ["h[ae]llo", ["hello", "hallo"], ["hillo"]],
    ["h[^e]llo", ["hallo"], ["hello"]],
    ["h[a-c]llo", ["hallo", "hcllo"], ["hdllo"]],
    ["h[c-a]llo", ["hbllo"], ["hdllo"]],
    [String.raw`h\*llo`, ["h*llo"], ["hello"]],
    [String.raw`[\]]`, ["]"], ["["]],
    ["a[bc", ["ab", "ac"], ["a"]],
    ["a.c", ["a.c"], ["abc"]],
    ["*a*b*c", ["abc", "xaybzc"], ["acb"]],
    ["[]", [], ["", "a"]],
    ["tail\\", ["tail\\"], ["tail"]],
    ["line*end", ["line\nend"], []],
  ])("%s fits what it should", (pattern, fits, others) => {
    const matches = matcher(pattern);
    expect(fits.filter(matches)).toEqual(fits);
    expect(others.filter(matches)).toEqual([]);
  });

  it("takes no time to speak of for a pattern made to take much", () => {
    expect(matcher(`${"a*".repeat(30)}b`)("a".repeat(2_000))).toBe(false);
  });
});
