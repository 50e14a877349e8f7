// The runs of a session: what started each, what ended it, and how much it printed.

import type { RunReply } from "../../api/history-replies.ts";
import { formatDuration } from "../../domain/duration.ts";
import { EXIT } from "../exit.ts";
import { defineCommand } from "../line/signature.ts";
import { openClient } from "../open-client.ts";
import { ONE_SESSION, pickSession } from "../pick.ts";
import { endInShort, startInShort } from "../show/causes.ts";
import { printOut } from "../show/print.ts";
import { screenOf } from "../show/screen.ts";
import { painter } from "../show/style.ts";
import { type Cell, renderTable } from "../show/table.ts";
import { visible } from "../show/visible.ts";

export const runs = defineCommand({
  name: "runs",
  about: "List the runs of a session: what started and what ended each",
  flags: { json: { kind: "switch", about: "Print the API's own body" } },
  words: ONE_SESSION,
  examples: ["korun runs web", "korun logs web --run 3"],
  async run({ flags, words }) {
    const client = openClient({ launch: "remembered" });
    const reply = await client.runs(await pickSession(client, words));
    if (flags.json) {
      printOut(reply.text);
      return EXIT.ok;
    }
    const { columns, colour } = await screenOf(1);
    printOut(renderTable(TITLES, reply.body.runs.map(row), { columns, paint: painter(colour) }));
    return EXIT.ok;
  },
});

const TITLES = ["RUN", "PID", "STARTED", "LASTED", "EXIT", "LINES", "CAUSE", "END"];

function row(run: RunReply): Cell[] {
  const { number, pid, started_at, ended_at, exit_code, term_signal, end } = run;
  const cells = [
    String(number),
    pid === null ? "-" : String(pid),
    started_at,
    ended_at === null ? "-" : formatDuration(Date.parse(ended_at) - Date.parse(started_at)),
    String(term_signal ?? exit_code ?? "-"),
    String(run.stdout_lines + run.stderr_lines),
    startInShort(run.cause),
    end === null ? "-" : endInShort(end),
  ];
  return cells.map((text) => ({ text: visible(text) }));
}
