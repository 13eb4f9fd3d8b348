/** Addresses against plain models: RFC 5952 word for word, the grammar of Rust's parser, and Node's own class. */
import { SocketAddress as NodeSocketAddress } from "node:net";
import { SocketAddr } from "@rt/net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

/** The eight groups of an address, and how somebody may write them. */
const groups = fc.array(
  fc.oneof(fc.constant(0), fc.constant(0), fc.constant(0xffff), fc.integer({ min: 0, max: 0xffff })),
  { minLength: 8, maxLength: 8 },
);
const spelling = fc.record({
  upper: fc.boolean(),
  padded: fc.boolean(),
  dotted: fc.boolean(),
  gap: fc.nat({ max: 7 }),
  zeros: fc.nat({ max: 4 }),
});

function spell(
  words: readonly number[],
  how: { [key in "upper" | "padded" | "dotted"]: boolean } & { gap: number },
) {
  const word = (value: number): string => {
    const hex = value.toString(16).padStart(how.padded ? 4 : 1, "0");
    return how.upper ? hex.toUpperCase() : hex;
  };
  const [high, low] = words.slice(6) as [number, number];
  const tail = how.dotted
    ? [[high >> 8, high & 255, low >> 8, low & 255].join(".")]
    : [word(high), word(low)];
  const parts = [...words.slice(0, 6).map(word), ...tail];
  // A run of zeros that begins at `gap`, wherever that is and however short, may be left out.
  let end = how.gap;
  while (end < (how.dotted ? 6 : 8) && words[end] === 0) end += 1;
  if (end === how.gap) return parts.join(":");
  return `${parts.slice(0, how.gap).join(":")}::${parts.slice(end).join(":")}`;
}

/** RFC 5952 word for word, by looking at all runs of zeros. */
function modelText(words: readonly number[]): string {
  if (words.slice(0, 6).join() === "0,0,0,0,0,65535") {
    const [high, low] = words.slice(6) as [number, number];
    return `::ffff:${[high >> 8, high % 256, low >> 8, low % 256].join(".")}`;
  }
  const hex = words.map((word) => word.toString(16));
  for (let length = 8; length >= 2; length -= 1)
    for (let start = 0; start + length <= 8; start += 1)
      if (words.slice(start, start + length).every((word) => word === 0))
        return `${hex.slice(0, start).join(":")}::${hex.slice(start + length).join(":")}`;
  return hex.join(":");
}

/** What the grammar of Rust's parser says, as one expression. */
const OCTET = String.raw`(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]\d|\d)`;
const V4 = String.raw`${OCTET}(?:\.${OCTET}){3}`;
const H = String.raw`[\da-fA-F]{1,4}`;
const LAST = `(?:${H}:${H}|${V4})`;
const V6 = [
  `(?:${H}:){6}${LAST}`,
  ...[0, 1, 2, 3, 4, 5].map(
    (before) =>
      `(?:${before === 0 ? "" : `${H}(?::${H}){0,${before - 1}}`})?::(?:${H}:){${5 - before}}${LAST}`,
  ),
  `(?:${H}(?::${H}){0,5})?::${H}`,
  `(?:${H}(?::${H}){0,6})?::`,
].join("|");
const ADDR: RegExp = new RegExp(String.raw`^(?:${V4}|\[(?:${V6})(?:%0*(\d{1,10}))?\]):0*(\d{1,5})$`);

describe("SocketAddr, whatever it is made of,", () => {
  it("prints each address in one way, as RFC 5952 says", () => {
    fc.assert(
      fc.property(groups, spelling, fc.nat({ max: 65_535 }), (words, how, port) => {
        const written = `[${spell(words, how)}]:${"0".repeat(how.zeros)}${port}`;
        const addr = SocketAddr.parse(written);
        expect(String(addr)).toBe(`[${modelText(words)}]:${port}`);
        expect(SocketAddr.parse(String(addr))).toEqual(addr);
        expect(addr.equals(new SocketAddr(addr.address, addr.port))).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it("reads what it prints, for IPv4", () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.nat({ max: 65_535 }), (address, port) => {
        const addr = new SocketAddr(address, port);
        expect([addr.address, addr.port, addr.family]).toEqual([address, port, "IPv4"]);
        expect(SocketAddr.parse(String(addr)).equals(addr)).toBe(true);
      }),
    );
  });

  it("is the same address to Node", () => {
    fc.assert(
      fc.property(groups, (words) => {
        const ours = SocketAddr.parse(`[${words.map((word) => word.toString(16)).join(":")}]:1`);
        const theirs = new NodeSocketAddress({ address: ours.address, family: "ipv6", port: 1 });
        expect(new SocketAddr(theirs.address, theirs.port)).toEqual(ours);
      }),
    );
  });

  it("is refused exactly where the grammar of Rust refuses it", () => {
    const piece = fc.constantFrom(
      ..."[ ] : :: :80 ]:80 . % %1 0 1 12 255 256 01 ff FFFF 12345 1.2.3.4 127.0.0.1 fe80 1:2:3 0:0 + - g".split(
        " ",
      ),
      ..."[:: [1:2:3:4:5:6:7 [::1 %0x1".split(" "),
      " ",
    );
    /** What is right, but for an edit or two. */
    const edited = fc
      .tuple(
        fc.oneof(
          fc.tuple(groups, spelling).map(([words, how]) => `[${spell(words, how)}]:80`),
          fc.tuple(groups, spelling, fc.nat()).map(([words, how, id]) => `[${spell(words, how)}%${id}]:80`),
          fc.ipV4().map((address) => `${address}:80`),
        ),
        fc.array(
          fc.record({
            at: fc.nat({ max: 45 }),
            cut: fc.nat({ max: 1 }),
            put: fc.constantFrom("", ...Array.from("0129afg:.%[] ")),
          }),
          { maxLength: 2 },
        ),
      )
      .map(([text, edits]) =>
        edits.reduce((now, { at, cut, put }) => now.slice(0, at) + put + now.slice(at + cut), text),
      );
    fc.assert(
      fc.property(
        fc.oneof(
          edited,
          fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join("")),
        ),
        (text) => {
          const [match, scope = "0", port = "0"] = ADDR.exec(text) ?? [];
          const isOne = match !== undefined && Number(scope) < 2 ** 32 && Number(port) < 2 ** 16;
          let read = true;
          try {
            SocketAddr.parse(text);
          } catch {
            read = false;
          }
          expect([text, read]).toEqual([text, isOne]);
        },
      ),
      { numRuns: 20_000 },
    );
  });
});
