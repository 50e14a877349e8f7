// What is said where the system gives this process too little, by a process of its own each.

import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const SRC = join(import.meta.dir, "../../src");

/** What is thrown, as its message and its hint, by code that runs under a limit of the shell's. */
async function thrownUnder(limit: string, code: string): Promise<unknown> {
  const script = `
    try { ${code} } catch ({ message, hint }) { console.log(JSON.stringify({ message, hint })); }
  `;
  const child = Bun.spawn(["sh", "-c", `${limit}; exec "$0" -e "$1"`, process.execPath, script], {
    stdout: "pipe",
  });
  return JSON.parse(await new Response(child.stdout).text());
}

const linux = test.skipIf(process.platform !== "linux");

linux("a limit of address space is not taken for a library that is missing", async () => {
  const code = `
    const { openLibc } = await import("${SRC}/native/libc.ts");
    openLibc({ getpid: { args: [], returns: "i32" } });
  `;
  expect(await thrownUnder("ulimit -v 1000000", code)).toEqual({
    message: "cannot use the C library: bun:ffi requires the JIT",
    hint: "korun needs address space for code of its own: see that `ulimit -v` says unlimited.",
  });
});

linux("a limit of file size is not taken for a full disk", async () => {
  const folder = mkdtempSync(join(tmpdir(), "korun-scarce-"));
  const code = `
    const { makeRings } = await import("${SRC}/capture/rings.ts");
    const { RING_LIMITS } = await import("${SRC}/logs/session-log.ts");
    makeRings("${folder}/session", RING_LIMITS);
  `;
  expect(await thrownUnder("ulimit -f 100", code)).toEqual({
    message: `cannot keep output in ${folder}/session: EFBIG: file too large`,
    hint: "The daemon has a limit of file size: stop it, and start it where `ulimit -f` is higher.",
  });
  rmSync(folder, { recursive: true, force: true });
});
