import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ProtocolError, ReplyError } from "../src/errors.ts";
import { Push, type Reply, REPLY_LIMITS, ReplyParser } from "../src/resp/reply-parser.ts";
import { bytes } from "./harness.ts";

function parse(pieces: readonly string[], limits = REPLY_LIMITS): Reply[] {
  const parser = new ReplyParser(limits);
  const replies: Reply[] = [];
  for (const piece of pieces) {
    parser.push(bytes(piece));
    for (let reply = parser.next(); reply !== undefined; reply = parser.next()) replies.push(reply);
  }
  return replies;
}

const EVERYTHING =
  "+OK\r\n:-12\r\n$3\r\na\r\n\r\n$-1\r\n*-1\r\n*0\r\n_\r\n#t\r\n#f\r\n,1.5\r\n,inf\r\n(12345678901234567890\r\n" +
  "=8\r\ntxt:text\r\n%2\r\n+a\r\n:1\r\n+b\r\n*1\r\n$1\r\nx\r\n~2\r\n:1\r\n:2\r\n>2\r\n+message\r\n$2\r\nhi\r\n" +
  "|1\r\n+ttl\r\n:5\r\n:7\r\n-ERR no\r\n!7\r\nBAD one\r\n*2\r\n*1\r\n*0\r\n:9007199254740993\r\n";

const PARSED = [
  "OK",
  -12,
  "a\r\n",
  null,
  null,
  [],
  null,
  true,
  false,
  1.5,
  Infinity,
  12345678901234567890n,
  "text",
  new Map<Reply, Reply>([
    ["a", 1],
    ["b", ["x"]],
  ]),
  [1, 2],
  new Push(["message", "hi"]),
  7,
  new ReplyError("ERR no"),
  new ReplyError("BAD one"),
  [[[]], 9007199254740993n],
];

describe("ReplyParser.next", () => {
  it("gives the same replies wherever the input is cut in two", () => {
    for (let at = 0; at <= EVERYTHING.length; at += 1)
      expect(parse([EVERYTHING.slice(0, at), EVERYTHING.slice(at)])).toEqual(PARSED);
  });

  it("gives the same replies when every byte comes alone", () => {
    expect(parse(EVERYTHING.split(""))).toEqual(PARSED);
  });

  it("fails with a ProtocolError or not at all, whatever comes", () => {
    const piece = fc.oneof(
      fc.string(),
      fc.constantFrom("*2\r\n", "$3\r\n", "%1\r\n", "\r\n", "|1\r\n", "=3\r\n", ":1\r\n"),
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        try {
          parse(pieces);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
      }),
    );
  });

  it.each([
    ["what\r\n", "unknown type"],
    [":abc\r\n", "invalid number"],
    ["$-2\r\n", "invalid length"],
    ["$600000000\r\n", "invalid length"],
    ["*1\r\n".repeat(65), "too deep"],
    [`+${"x".repeat(70_000)}`, "too long a line"],
    [",abc\r\n", "invalid number"],
  ])("refuses what is no reply (case %#)", (input, message) => {
    expect(() => parse([input])).toThrow(message);
  });

  it("keeps the kind of an error", () => {
    expect(parse(["-NOPROTO unsupported\r\n"])).toMatchObject([{ kind: "NOPROTO" }]);
  });
});
