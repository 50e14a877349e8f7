// A session as the capture thread has it, without the thread.

import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const SRC = join(import.meta.dir, "../../src");

// What is tested is that memory which is gone is not touched, and that ends a process at once.
test("one that is closed is not looked at again, though its pipe had something to say", async () => {
  const folder = mkdtempSync(join(tmpdir(), "korun-tap-"));
  const script = `
    const { makeRings, closeRing } = await import("${SRC}/capture/rings.ts");
    const { makeOutputPipe } = await import("${SRC}/capture/pipes.ts");
    const { SessionTap } = await import("${SRC}/capture/tap.ts");
    const { RING_LIMITS: limits } = await import("${SRC}/logs/session-log.ts");
    const rings = makeRings("${folder}/session", limits);
    const tap = new SessionTap({ kind: "open", key: 1, rings, limits, isTerminal: false, run: 0 });
    const [stdout, stderr] = ["stdout", "stderr"].map((stream) =>
      makeOutputPipe("${folder}/session", { stream }).own,
    );
    tap.begin(1, { stdout, stderr });
    const pipes = [...tap.pipes()];
    tap.close();
    for (const ring of Object.values(rings)) closeRing(ring);
    console.log(JSON.stringify(pipes.map((pipe) => pipe.move(1).ended)));
  `;
  const child = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe", stderr: "ignore" });
  expect(await new Response(child.stdout).text()).toBe("[true,true]\n");
  rmSync(folder, { recursive: true, force: true });
});
