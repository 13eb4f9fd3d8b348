import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { folder, program } from "./support/fs.ts";

/** Makes `stat` take as long as `ms`, as a disk that does not answer. */
const slow = (ms: number): string => `
  const { default: node } = await import("node:fs");
  const { syncBuiltinESMExports } = await import("node:module");
  node.stat = (_path, done) => void setTimeout(() => done(null, {}), ${ms});
  syncBuiltinESMExports();
  const look = (path) => fs.metadata(path).poll({ waker: { wake() {} } });
`;
const DEBUG = { RT_DEBUG: "1", UV_THREADPOOL_SIZE: "2" };

describe("a pool whose threads are all busy with files for long", () => {
  it("is reported in debug mode, with the paths of the oldest calls, once", async () => {
    const { stderr } = await program(
      `${slow(1_500)}
       for (const path of ["/slow/a", "/slow/b", "/slow/c"]) look(path);`,
      DEBUG,
    );
    expect(stderr.match(/^rt: .*$/gm)).toEqual([
      expect.stringMatching(
        /keeps all 2 threads of Node's pool busy, .*: the metadata of \/slow\/a \(\d\.\d s\), the metadata of \/slow\/b \(\d\.\d s\)$/,
      ),
    ]);
  });

  it("is reported to the runtime whose calls they are, also when those were given up", async () => {
    const { stdout, stderr } = await program(
      `${slow(1_500)}
       const other = Builder.currentThread().onReport(({ kind }) => console.log(kind)).build();
       other.blockOn(async () => {
         for (const path of ["/slow/a", "/slow/b"]) {
           const looking = fs.metadata(path);
           looking.poll({ waker: { wake() {} } });
           looking.drop();
         }
       });`,
      DEBUG,
    );
    expect([stdout, stderr]).toEqual(["pool-busy\n", ""]);
  });

  it("is not reported without debug mode, nor while a thread is left", async () => {
    const code = `${slow(1_200)} for (const path of ["/slow/a", "/slow/b"]) look(path);`;
    const [quiet, left] = await Promise.all([
      program(code, { ...DEBUG, RT_DEBUG: "" }),
      program(code, { ...DEBUG, UV_THREADPOOL_SIZE: "3" }),
    ]);
    expect([quiet.stderr, left.stderr]).toEqual(["", ""]);
  });

  it("is not taken for it when this thread itself was busy", async () => {
    const { stderr } = await program(
      `for (let i = 0; i < 2; i += 1) File.open(${JSON.stringify(folder())}).poll({ waker: { wake() {} } });
       const end = performance.now() + 1_500;
       while (performance.now() < end);`,
      DEBUG,
    );
    expect(stderr).toBe("");
  });

  it("forgets calls whose arguments Node refuses", async () => {
    const { stdout, stderr } = await program(
      `for (let i = 0; i < 2; i += 1) {
         try { await fs.metadata("a\\0b"); } catch ({ kind }) { console.log(kind); }
         try { await File.open("a\\0b"); } catch ({ kind }) { console.log(kind); }
       }
       setTimeout(() => {}, 1_200);`,
      DEBUG,
    );
    expect([stdout, stderr]).toEqual(["InvalidInput\n".repeat(4), ""]);
  });

  it.skipIf(process.platform === "win32")("is not where FIFOs are waited for", async () => {
    const path = join(folder(), "fifo");
    execFileSync("mkfifo", [path]);
    const { stderr } = await program(
      `const openings = [File.open(${JSON.stringify(path)}), fs.read(${JSON.stringify(path)})];
       for (const opening of openings) opening.poll({ waker: { wake() {} } });
       setTimeout(() => { for (const opening of openings) opening.drop(); }, 1_200);`,
      { ...DEBUG, UV_THREADPOOL_SIZE: "1" },
    );
    expect(stderr).toBe("");
  });
});
