// What a session costs the daemon once its buffers are full: of 10 000 lines on each stream, which
// is what the API shows, and at worst, with both rings filled to their last slot.

import type { Bench, Limit, Result, Row } from "../bench.ts";
import { Korun } from "../korun.ts";
import { memoryOf } from "../proc.ts";
import { waitUntil } from "../wait.ts";

const LINE = `${"x".repeat(79)}\n`;
const SETTLE_MS = 5_000;

export const fullMemory: Row = {
  name: "buffers",
  async measure(bench) {
    return [
      await fill(bench, {
        lines: 10_000,
        what: "10 000 lines a stream",
        limit: { kind: "under", value: 5 },
      }),
      // Twice what any view shows: here only the waste counts.
      await fill(bench, { lines: 30_000, what: "at worst", limit: { kind: "within", times: 1.5 } }),
    ];
  },
};

async function fill(
  bench: Bench,
  { lines, what, limit }: { lines: number; what: string; limit: Limit },
): Promise<Result> {
  const sessions = bench.quick ? 10 : 50;
  await using korun = await Korun.start(bench);
  const file = korun.place.path("lines");
  await Bun.write(file, LINE.repeat(lines));
  await Bun.sleep(SETTLE_MS);
  const idle = memoryOf(korun.pids());
  const ids = await Promise.all(
    Array.from({ length: sessions }, () =>
      korun.serve({ command: ["sh", "-c", 'cat "$0"; cat "$0" >&2; exec sleep 1000', file] }),
    ),
  );
  for (const id of ids) {
    await waitUntil("full buffers", async () => {
      const { stdout_bytes, stderr_bytes } = await korun.session(id);
      return stdout_bytes + stderr_bytes === 2 * lines * LINE.length;
    });
  }
  await Bun.sleep(SETTLE_MS);
  return {
    what: `each of ${sessions} sessions with full buffers (PSS), ${what}`,
    unit: "MiB",
    ours: (memoryOf(korun.pids()) - idle) / sessions,
    against: { what: "the lines themselves", figure: (2 * lines * LINE.length) / 2 ** 20 },
    limit,
    peers: [],
  };
}
