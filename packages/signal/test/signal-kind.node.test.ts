import { constants } from "node:os";
import { SignalError, SignalKind } from "@rt/signal";
import { describe, expect, it } from "vitest";
import { thrownBy } from "./support/signals.ts";

const hasInfo = "SIGINFO" in constants.signals;

describe("SignalKind", () => {
  it.each([
    ["alarm", "SIGALRM"],
    ["child", "SIGCHLD"],
    ["hangup", "SIGHUP"],
    ["interrupt", "SIGINT"],
    ["io", "SIGIO"],
    ["pipe", "SIGPIPE"],
    ["quit", "SIGQUIT"],
    ["terminate", "SIGTERM"],
    ["userDefined1", "SIGUSR1"],
    ["userDefined2", "SIGUSR2"],
    ["windowChange", "SIGWINCH"],
  ] as const)("has the platform's number for %s", (method, name) => {
    expect(SignalKind[method]().asRawValue()).toBe(constants.signals[name]);
  });

  it.runIf(hasInfo)("has the platform's number for info", () => {
    expect(SignalKind.info().name()).toBe("SIGINFO");
  });

  it.skipIf(hasInfo)("throws ERR_RT_UNSUPPORTED for info where the platform has none", () => {
    expect(thrownBy(() => SignalKind.info())).toMatchObject({
      code: "ERR_RT_UNSUPPORTED",
      message: "Cannot use SIGINFO: this platform has no such signal",
    });
  });

  it("is one object for each number", () => {
    expect(SignalKind.fromRaw(15)).toBe(SignalKind.terminate());
  });

  it("is another object for another number", () => {
    expect(SignalKind.interrupt()).not.toBe(SignalKind.terminate());
  });

  it("keeps any number it is made from", () => {
    expect([0, -1, 34, 12_345].map((raw) => SignalKind.fromRaw(raw).asRawValue())).toEqual([
      0, -1, 34, 12_345,
    ]);
  });

  it("is shown by its name, or by its number where it has none", () => {
    expect([SignalKind.quit().toString(), SignalKind.fromRaw(40).toString()]).toEqual([
      "SIGQUIT",
      "signal 40",
    ]);
  });

  it("throws a RangeError for a fraction", () => {
    expect(() => SignalKind.fromRaw(1.5)).toThrow(RangeError);
  });

  it.each(["SIGNOPE", "toString", ""])("throws a SignalError for the name %j", (name) => {
    expect(() => SignalKind.fromName(name)).toThrow(SignalError);
  });
});
