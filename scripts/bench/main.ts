// `npm run bench`: what korun is measured against, one table. docs/benchmarks.md says what each row
// means and keeps the last results.
//
//   npm run bench -- [--only NAME]… [--quick] [--write]

import { parseArgs } from "node:util";
import type { Bench, Result, Row } from "./bench.ts";
import { provideBare, provideKorun } from "./build.ts";
import { writeDocument } from "./document.ts";
import { describeMachine } from "./machine.ts";
import { findPeers } from "./peers/find.ts";
import { Place } from "./place.ts";
import { capture } from "./rows/capture.ts";
import { follow } from "./rows/follow.ts";
import { fullMemory } from "./rows/full-memory.ts";
import { healthz } from "./rows/healthz.ts";
import { idleMemory } from "./rows/idle-memory.ts";
import { list } from "./rows/list.ts";
import { restart } from "./rows/restart.ts";
import { stats } from "./rows/stats.ts";
import { wakeups } from "./rows/wakeups.ts";
import { renderPeers, renderTable } from "./table.ts";

const ROWS: readonly Row[] = [
  capture,
  healthz,
  list,
  restart,
  follow,
  idleMemory,
  fullMemory,
  wakeups,
  stats,
];

const USAGE = `npm run bench -- [--only NAME]… [--quick] [--write]
  --only    one row: ${ROWS.map(({ name }) => name).join(", ")} (repeatable)
  --quick   fewer rounds: to see that it works, not for results
  --write   keep the results in docs/benchmarks.md; needs all rows, not quick`;

for (const [signal, exitCode] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const) {
  process.once(signal, () => void Place.closeAll().finally(() => process.exit(exitCode)));
}

try {
  await main();
} catch (thrown) {
  console.error(thrown instanceof Error ? thrown.message : thrown);
  process.exitCode = 1;
} finally {
  await Place.closeAll();
}

async function main(): Promise<void> {
  if (process.platform !== "linux") throw new Error("the benchmark reads /proc: it needs Linux");
  const { rows, quick, write } = readArguments();
  const progress = progressOn(process.stderr);
  progress("building");
  const place = new Place();
  const { found, absent } = await findPeers();
  const bench: Bench = {
    quick,
    korun: await provideKorun(place),
    bare: await provideBare(place),
    peers: found,
    progress,
  };
  const results: Result[] = [];
  for (const row of rows) {
    progress(row.name);
    const named = { ...bench, progress: (text: string) => progress(`${row.name}: ${text}`) };
    results.push(...(await row.measure(named)));
  }
  progress("");
  const report = { results, found, absent, machine: describeMachine() };
  console.log(`${report.machine}\n\n${renderTable(results)}\n${renderPeers(report)}`);
  if (write) await writeDocument(report);
}

function readArguments(): { rows: readonly Row[]; quick: boolean; write: boolean } {
  const { values } = parseArgs({
    options: {
      only: { type: "string", multiple: true, default: [] },
      quick: { type: "boolean", default: false },
      write: { type: "boolean", default: false },
    },
  });
  const { only, quick, write } = values;
  const unknown = only.find((name) => !ROWS.some((row) => row.name === name));
  if (unknown !== undefined) throw new Error(`there is no row ${unknown}\n${USAGE}`);
  if (write && (quick || only.length > 0)) throw new Error(`--write needs a whole run\n${USAGE}`);
  const rows = only.length === 0 ? ROWS : ROWS.filter(({ name }) => only.includes(name));
  return { rows, quick, write };
}

/** Shows the last text in place, on a terminal; nothing elsewhere. */
function progressOn(stream: NodeJS.WriteStream): (text: string) => void {
  return (text) => {
    if (stream.isTTY) stream.write(`\r\x1b[K${text}`);
  };
}
