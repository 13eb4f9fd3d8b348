import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const PACKAGES = join(import.meta.dirname, "../../packages");

describe.each(globSync("*/dist", { cwd: PACKAGES }))("%s", (dist) => {
  const sources = globSync("**/*.js", { cwd: join(PACKAGES, dist) }).map((file) => ({
    file,
    text: readFileSync(join(PACKAGES, dist, file), "utf8"),
  }));

  it("holds each source module once, so that its state exists once", () => {
    const owners = new Map<string, Set<string>>();
    for (const { file, text } of sources) {
      for (const [, module = ""] of text.matchAll(/^\/\/ (src\/.*\.ts)$/gm)) {
        owners.set(module, (owners.get(module) ?? new Set()).add(file));
      }
    }
    expect([...owners].filter(([, files]) => files.size > 1)).toEqual([]);
    expect(owners.size).toBeGreaterThan(0);
  });

  it("waits for nothing while it is loaded, so that require() takes it", () => {
    expect(
      sources.filter(({ text }) => /^(?:const .* = |var .* = )?await /m.test(text)).map(({ file }) => file),
    ).toEqual([]);
  });

  it("has no import.meta, which a transform to CommonJS can't keep", () => {
    expect(
      sources.filter(({ text }) => /^(?! *\*).*\bimport\.meta\./m.test(text)).map(({ file }) => file),
    ).toEqual([]);
  });

  it("leads nowhere but to files of its own, packages and node:, so that any resolver finds it", () => {
    const specifiers = sources.flatMap(({ text }) =>
      [...text.matchAll(/^(?:\} |import .*|export .*)from "([^"]+)"/gm)].map(
        ([, specifier = ""]) => specifier,
      ),
    );
    expect(specifiers.filter((specifier) => specifier.startsWith("#"))).toEqual([]);
  });

  it("calls classes what its sources call them, since errors are printed under that name", () => {
    const renamed = sources.flatMap(
      ({ text }) => text.match(/^(?:const|var) (?:\w+ = class _|\w+\d = class [e{]).*/gm) ?? [],
    );
    expect(renamed).toEqual([]);
  });
});
