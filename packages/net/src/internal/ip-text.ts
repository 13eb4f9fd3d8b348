/**
 * IP addresses as text. What is read is what Rust's `Ipv4Addr` and `SocketAddrV6` read; what is written is the one form
 * that RFC 5952 gives each address, so that two addresses are equal exactly when their texts are.
 */

const ZERO = 0x30;
const DOT = 0x2e;

/** Four numbers from 0 to 255 without leading zeros: the only form it has. */
export function isIpv4(text: string): boolean {
  const { length } = text;
  if (length < 7 || length > 15) return false;
  let value = 0;
  let digits = 0;
  let dots = 0;
  for (let i = 0; i < length; i += 1) {
    const code = text.charCodeAt(i);
    if (code === DOT) {
      if (digits === 0) return false;
      dots += 1;
      digits = 0;
      value = 0;
      continue;
    }
    const digit = code - ZERO;
    if (digit < 0 || digit > 9 || (digits > 0 && value === 0)) return false;
    value = value * 10 + digit;
    digits += 1;
    if (value > 255) return false;
  }
  return dots === 3 && digits > 0;
}

/** The last IPv6 address that was asked for, and its form: most come from one peer many times. */
let lastText = "";
let lastForm: string | null = null;

/**
 * The form of an IPv6 address, with the scope id behind it (`fe80::1%2`) unless that is 0; null for anything else.
 * A scope id is a number: names of interfaces mean something to one host only.
 */
export function ipv6Form(text: string): string | null {
  if (text === lastText) return lastForm;
  const percent = text.indexOf("%");
  const groups = ipv6Groups(percent === -1 ? text : text.slice(0, percent));
  const scope = percent === -1 ? 0 : scopeId(text.slice(percent + 1));
  const form =
    groups === null || scope === null ? null : groupsForm(groups) + (scope === 0 ? "" : `%${scope}`);
  lastText = text;
  lastForm = form;
  return form;
}

function scopeId(text: string): number | null {
  if (!/^\d+$/.test(text)) return null;
  const id = Number(text);
  return id <= 0xffff_ffff ? id : null;
}

/** The eight groups, or null. */
function ipv6Groups(text: string): number[] | null {
  const [before, after, more] = text.split("::");
  if (before === undefined || more !== undefined) return null;
  const head = groupsOf(before, after === undefined);
  if (after === undefined) return head?.length === 8 ? head : null;
  const tail = groupsOf(after, true);
  // The gap stands for one group at least.
  if (head === null || tail === null || head.length + tail.length > 7) return null;
  return [...head, ...new Array<number>(8 - head.length - tail.length).fill(0), ...tail];
}

/** @param isEnd - whether an IPv4 address may be the last part, for two groups. */
function groupsOf(text: string, isEnd: boolean): number[] | null {
  if (text === "") return [];
  const groups: number[] = [];
  const parts = text.split(":");
  for (const [i, part] of parts.entries()) {
    if (/^[\da-f]{1,4}$/i.test(part)) groups.push(Number.parseInt(part, 16));
    else if (isEnd && i === parts.length - 1 && isIpv4(part)) {
      const [a, b, c, d] = part.split(".").map(Number) as [number, number, number, number]; // as `isIpv4` says
      groups.push(a * 256 + b, c * 256 + d);
    } else return null;
  }
  return groups;
}

function groupsForm(groups: readonly number[]): string {
  const [start, end] = longestGap(groups);
  if (start === 0 && end === 5 && groups[5] === 0xffff) {
    // An IPv4 address in disguise shows itself.
    const [high, low] = groups.slice(6) as [number, number];
    return `::ffff:${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
  }
  const hex = groups.map((group) => group.toString(16));
  if (end - start < 2) return hex.join(":");
  return `${hex.slice(0, start).join(":")}::${hex.slice(end).join(":")}`;
}

/** The first of the longest runs of zeros: where it begins, and the place behind it. */
function longestGap(groups: readonly number[]): [start: number, end: number] {
  let longest: [number, number] = [0, 0];
  let start = 0;
  for (const [i, group] of groups.entries())
    if (group !== 0) start = i + 1;
    else if (i + 1 - start > longest[1] - longest[0]) longest = [start, i + 1];
  return longest;
}
