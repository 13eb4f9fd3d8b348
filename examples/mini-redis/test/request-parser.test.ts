import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ProtocolError } from "../src/errors.ts";
import { textOf } from "../src/resp/bulk.ts";
import { REQUEST_LIMITS, type RequestLimits, RequestParser } from "../src/resp/request-parser.ts";
import { bytes } from "./harness.ts";

function frame(...args: readonly string[]): string {
  return `*${args.length}\r\n${args.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join("")}`;
}

/** All requests in what comes in these pieces. */
function parse(pieces: readonly string[], limits?: RequestLimits): string[][] {
  const parser = new RequestParser(limits);
  const requests: string[][] = [];
  for (const piece of pieces) {
    parser.push(bytes(piece));
    for (let request = parser.next(); request !== undefined; request = parser.next())
      requests.push(request.map(textOf));
  }
  return requests;
}

function splits(input: string): string[][] {
  return Array.from({ length: input.length + 1 }, (_, at) => [input.slice(0, at), input.slice(at)]);
}

const LARGE = "x".repeat(40_000);
const binary = fc.string({
  unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
  maxLength: 40,
});

describe("RequestParser.next", () => {
  it("gives the same requests wherever the input is cut in two", () => {
    const input = `${frame("SET", "key", "a value\r\nof two lines")}PING hello\r\n${frame("")}*0\r\n${frame("GET", "key")}`;
    const whole = [["SET", "key", "a value\r\nof two lines"], ["PING", "hello"], [""], ["GET", "key"]];
    for (const pieces of splits(input)) expect(parse(pieces)).toEqual(whole);
  });

  it("gives the same requests when every byte comes alone", () => {
    const input = `${frame("SET", "key", "value")}\r\nPING\r\n${frame("GET", "key")}`;
    expect(parse(input.split(""))).toEqual([["SET", "key", "value"], ["PING"], ["GET", "key"]]);
  });

  it("gives back what was written, whatever the bytes and wherever they are cut", () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(binary, { minLength: 1, maxLength: 5 }), { maxLength: 8 }),
        fc.array(fc.nat(400), { maxLength: 12 }),
        (requests, cuts) => {
          const input = requests.map((request) => frame(...request)).join("");
          const places = [
            ...new Set([0, ...cuts.map((cut) => Math.min(cut, input.length)), input.length]),
          ].toSorted((a, b) => a - b);
          const pieces = places.slice(1).map((end, at) => input.slice(places[at], end));
          expect(parse(pieces)).toEqual(requests);
        },
      ),
    );
  });

  it("fails with a ProtocolError or not at all, whatever comes", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(binary, fc.constantFrom("*1\r\n", "$3\r\n", "\r\n", "*2", "abc"))),
        (pieces) => {
          try {
            parse(pieces);
          } catch (error) {
            expect(error).toBeInstanceOf(ProtocolError);
          }
        },
      ),
    );
  });

  it.each([
    [frame("SET", "key", LARGE), 30_000],
    [frame("SET", "key", LARGE), 1],
    [frame("SET", "key", LARGE), 40_026],
    [frame("SET", LARGE, "short"), 20_000],
  ])("puts a large argument together from its pieces (case %#)", (input, at) => {
    const next = frame("GET", "key");
    const parsed = parse([input.slice(0, at), input.slice(at) + next]);
    expect(parsed.map((request) => request.map(({ length }) => length))).toEqual(
      parse([input + next]).map((request) => request.map(({ length }) => length)),
    );
    expect(parsed[1]).toEqual(["GET", "key"]);
  });

  it("keeps a large argument that comes in pieces as bytes", () => {
    const parser = new RequestParser();
    const input = frame("SET", "key", LARGE);
    parser.push(bytes(input.slice(0, 1000)));
    expect(parser.next()).toBeUndefined();
    parser.push(bytes(input.slice(1000)));
    expect(parser.next()?.[2]).toBeInstanceOf(Uint8Array);
  });

  it.each([
    ["*abc\r\n", "invalid multibulk length"],
    ["*01\r\n", "invalid multibulk length"],
    ["*+1\r\n", "invalid multibulk length"],
    ["*2147483648\r\n", "invalid multibulk length"],
    ["*1\r\nPING\r\n", "expected '$', got 'P'"],
    ["*1\r\n:4\r\n", "expected '$', got ':'"],
    ["*1\r\n$abc\r\n", "invalid bulk length"],
    ["*1\r\n$-1\r\n", "invalid bulk length"],
    ["*1\r\n$04\r\nPING\r\n", "invalid bulk length"],
    ["*1\r\n$600000000\r\n", "invalid bulk length"],
    ["*1\r\n$99999999999999999999\r\n", "invalid bulk length"],
    [`*${"1".repeat(70_000)}`, "too big mbulk count string"],
    [`*1\r\n$${"1".repeat(70_000)}`, "too big bulk count string"],
    ["x".repeat(70_000), "too big inline request"],
    ['ECHO "abc\r\n', "unbalanced quotes in request"],
    ['ECHO "a"b\r\n', "unbalanced quotes in request"],
  ])("refuses a malformed frame as redis does (case %#)", (input, message) => {
    expect(() => parse([input])).toThrow(new ProtocolError(message));
  });

  it("refuses a request whose arguments are too many bytes together", () => {
    const limits = { ...REQUEST_LIMITS, request: 10 };
    expect(() => parse([frame("SET", "key", "value")], limits)).toThrow("too big request");
  });

  it("takes words with quotes and escapes", () => {
    const input = String.raw`set  "a \x41\n\"b\"" 'it\'s' ""` + "\r\n";
    expect(parse([input])).toEqual([["set", 'a A\n"b"', "it's", ""]]);
  });

  it("does not take a byte for a space that C takes for none", () => {
    expect(parse(["GET a\u00a0b\n"])).toEqual([["GET", "a\u00a0b"]]);
  });
});

describe("RequestParser.isAtBorder", () => {
  it.each([
    ["", true],
    ["PING\r\n", true],
    ["PI", false],
    ["*1\r\n", false],
    [`*1\r\n$20000\r\n${"x".repeat(100)}`, false],
  ])("tells whether the input ends between two requests (case %#)", (input, isAtBorder) => {
    const parser = new RequestParser();
    parser.push(bytes(input));
    while (parser.next() !== undefined);
    expect(parser.isAtBorder).toBe(isAtBorder);
  });
});
