import { describe, expect, it } from "vitest";
import { HttpError, RequestParser } from "../http.ts";

const HOST = "Host: x\r\n\r\n";

function parser(input: string): RequestParser {
  const made = new RequestParser();
  made.push(Buffer.from(input, "latin1"));
  return made;
}

/** Whether the connection stays open behind a request with such headers, or the status it is refused with. */
function outcome(headers: string, line = "POST / HTTP/1.1"): boolean | number {
  try {
    const request = parser(`${line}\r\n${headers}${HOST}`).next();
    if (request === undefined) throw new Error("There is no request");
    return request.keepAlive;
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    return error.status;
  }
}

describe("RequestParser.next, of the header", () => {
  it.each([
    ["Connection: close", false],
    ["Connection: CLOSE", false],
    ["Connection: \t close \t", false],
    ["Connection: keep-alive, Close", false],
    ["Connection: close,upgrade", false],
    ["Connection: upgrade\r\nConnection: close", false],
    ["Connection: close-notify", true],
    ["Connection: not-close", true],
    ["Connection: do close", true],
    ["Connection: close\xa0", true],
    ["Connection: keep-alive", true],
    ["Connection:", true],
    ["Content-Length: 5", true],
    ["Content-Length:5", true],
    ["Content-Length: \t5\t ", true],
    ["Content-Length: 5\r\nContent-Length: 5", true],
    ["Content-Length: 5\r\nContent-Length: 6", 400],
    ["Content-Length: 5\r\nContent-Length: 05", 400],
    ["Content-Length: 5, 5", 400],
    ["Content-Length: 5\xa0", 400],
    ["Content-Length: +5", 400],
    ["Content-Length: -5", 400],
    ["Content-Length: 5.0", 400],
    ["Content-Length: 0x5", 400],
    ["Content-Length: 5 5", 400],
    ["Content-Length:", 400],
    ["Content-Length: 1048577", 413],
    ["Content-Length: 99999999999999999999", 400],
    ["Transfer-Encoding: chunked", 501],
    ["Transfer-Encoding: identity", 501],
    ["Transfer-Encoding: chunked\r\nContent-Length: 5", 400],
    ["Content-Length: 5\r\nTransfer-Encoding: chunked", 400],
    ["Transfer-Encoding : chunked", 400],
    ["A: b\r\n folded", 400],
    ["A: b\r\n\tfolded", 400],
    ["A: b\0", 400],
    ["A: b\nB: c", 400],
    ["A: b\rB: c", 400],
    ["A\0: b", 400],
    [": b", 400],
    ["A b", 400],
  ])("%j: %s", (header, wanted) => {
    expect(outcome(`${header}\r\n`)).toBe(wanted);
  });

  it("refuses a body that HTTP/1.0 has no form for", () => {
    expect(outcome("Transfer-Encoding: chunked\r\n", "POST / HTTP/1.0")).toBe(400);
  });

  it.each([
    [99, true],
    [100, 431],
  ])("Host and %i others: %s", (count, wanted) => {
    expect(outcome("A: b\r\n".repeat(count))).toBe(wanted);
  });
});

describe("RequestParser.next, of what is not whole,", () => {
  it.each([
    ["a header that ends with a line feed alone", "GET / HTTP/1.1\r\nHost: x\n\n"],
    ["a first line that does", "GET / HTTP/1.1\nHost: x\n\n"],
    ["an empty line that does", "\nGET / HTTP/1.1\r\n"],
  ])("refuses %s at once", (_what, input) => {
    expect(() => parser(input).next()).toThrow(expect.objectContaining({ status: 400 }));
  });

  it("waits where a line may still end as it should", () => {
    for (const input of ["", "\r", "GET / HTTP/1.1\r", "GET / HTTP/1.1\r\nA: b\r"])
      expect(parser(input).next()).toBeUndefined();
  });

  it.each([
    ["blanks in front of a value that is none", `A:${" \t".repeat(4_000)}\0\r\n`, 400],
    ["blanks behind a value", `A: b${" ".repeat(8_000)}c${" ".repeat(100)}\r\n`, true],
    ["commas and blanks", `Connection: ${", ".repeat(4_000)}x\r\n`, true],
    ["blanks in a list", `Connection: ${" ".repeat(8_000)}x\r\n`, true],
  ])("looks at no byte more than a few times: %s", (_what, headers, wanted) => {
    const start = performance.now();
    for (let round = 0; round < 20; round += 1) expect(outcome(headers)).toBe(wanted);
    expect(performance.now() - start).toBeLessThan(1_000);
  });

  it("says what comes next", () => {
    const made = parser(`POST / HTTP/1.1\r\nContent-Length: 3\r\n${HOST}ab`);
    expect(made.next()).toBeDefined();
    expect(made.next()).toBeUndefined();
    const seen: string[] = [made.awaits];
    for (const piece of ["c", "\r\n", "GET", " / HTTP/1.1\r\nHost: x\r\n\r\n"]) {
      made.push(Buffer.from(piece));
      while (made.next() !== undefined);
      seen.push(made.awaits);
    }
    expect(seen).toEqual(["body", "request", "request", "head", "request"]);
  });
});
