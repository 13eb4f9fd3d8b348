/** The names of servers that a certificate can be asked for. What is none is refused: Node takes it for "localhost". */
import { show } from "@rt/core/driver";
import { IoError } from "@rt/io";
import { ipv6Form, isIpv4 } from "./ip-text.ts";

/** What Node's `tls.connect` checks the certificate for, and what it tells the server. */
export interface ServerName {
  readonly host: string;
  /** Empty for an IP address, which is not told. */
  readonly servername: string;
}

const LABEL: RegExp = /^(?!-)[\w-]{1,63}(?<!-)$/;

/** @param servername - that of the options, if there is one: it may say the same again. */
export function serverName(domain: string, servername: unknown): ServerName {
  const name = parse(domain);
  if (servername !== undefined && !isSame(name.host, servername))
    throw new IoError(
      "InvalidInput",
      `Cannot use the option servername ${show(servername)} for ${show(domain)}: the certificate is checked for the domain; leave servername out`,
    );
  return name;
}

function parse(domain: string): ServerName {
  if (typeof domain === "string") {
    if (isIpv4(domain)) return { host: domain, servername: "" };
    const form = ipv6Form(domain);
    if (form !== null && !form.includes("%")) return { host: form, servername: "" };
    if (form === null && isName(domain)) {
      // The dot that may end a name is not a part of what is told and checked.
      const name = domain.replace(/\.$/, "");
      return { host: name, servername: name };
    }
  }
  throw new IoError(
    "InvalidInput",
    `Cannot use ${show(domain)} as a domain: it must be a name in ASCII or an IP address that a certificate can be checked for, such as "example.org"`,
  );
}

function isName(text: string): boolean {
  const labels = text.replace(/\.$/, "").split(".");
  const last = labels.at(-1) as string; // there is one at least
  // One that ends in a number is taken for an IP address by some, in one of its old forms.
  return text.length <= 254 && labels.every((label) => LABEL.test(label)) && !/^\d+$/.test(last);
}

function isSame(host: string, servername: unknown): boolean {
  return typeof servername === "string" && servername.replace(/\.$/, "").toLowerCase() === host.toLowerCase();
}
