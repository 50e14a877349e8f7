// `npm run chaos`: kills the daemon under load, many times, and proves that nothing was lost. Prints
// one table; exits with 1 when anything was lost, repeated, torn, or ended with a wrong code.

import { parseArgs } from "node:util";
import { Korun } from "../../tests/support/korun.ts";
import { Daemon } from "./api.ts";
import { seededRandom } from "./random.ts";
import { playRound, type RoundResult } from "./rounds.ts";
import { total } from "./verdict.ts";
import type { Mode } from "./writers.ts";

const { values } = parseArgs({
  options: {
    mode: { type: "string", default: "flood" },
    rounds: { type: "string", default: "6" },
    kills: { type: "string", default: "50" },
    sessions: { type: "string", default: "20" },
    lines: { type: "string" },
    between: { type: "string", default: "200" },
    seed: { type: "string", default: "1" },
  },
});

const mode: Mode = values.mode === "paced" ? "paced" : "flood";
const lines = Number(values.lines ?? (mode === "paced" ? 9_000 : 400_000));
const random = seededRandom(Number(values.seed));

await using korun = new Korun();
await korun.ok(["daemon", "start"]);
const daemon = new Daemon(korun.home);
const results: RoundResult[] = [];
for (let round = 1; round <= Number(values.rounds); round += 1) {
  const result = await playRound(daemon, {
    mode,
    lines,
    random,
    sessions: Number(values.sessions),
    kills: Number(values.kills),
    between: Number(values.between),
  });
  results.push(result);
  console.error(`round ${round}: ${JSON.stringify(total(result.verdicts))}`);
}

const sum = total(results.flatMap(({ verdicts }) => verdicts));
const away = results.flatMap((result) => result.away).sort((one, other) => one - other);
const seconds = (ms: number | undefined) => `${((ms ?? 0) / 1_000).toFixed(3)} s`;
console.log(`| what | ${mode} |
|---|---|
| rounds, with seed | ${results.length}, ${values.seed} |
| kills of the daemon | ${away.length} |
| entries written | ${results.reduce((entries, result) => entries + result.entries, 0)} |
| lost | ${sum.lost} |
| repeated | ${sum.repeated} |
| torn, or not as written | ${sum.torn} |
| dropped though within the limits | ${sum.dropped} |
| wrong exit codes | ${sum.wrongExit} |
| API away, median | ${seconds(away[Math.floor(away.length / 2)])} |
| API away, worst | ${seconds(away.at(-1))} |`);
process.exitCode = Object.values(sum).some((faults) => faults > 0) ? 1 : 0;
