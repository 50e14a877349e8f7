// The list of sessions. Also where no daemon runs and none ever did: then there are none.

import type { SessionListReply, SessionSummary } from "../../api/replies.ts";
import type { Client, Reply } from "../../client/client.ts";
import { NoDaemon } from "../../client/failure.ts";
import { formatDuration } from "../../domain/duration.ts";
import { EXIT } from "../exit.ts";
import { defineCommand } from "../line/signature.ts";
import { openClient } from "../open-client.ts";
import { shortId } from "../pick.ts";
import { nextInShort } from "../show/policy-words.ts";
import { printOut } from "../show/print.ts";
import { screenOf } from "../show/screen.ts";
import { painter, type Style } from "../show/style.ts";
import { type Cell, cut, renderTable } from "../show/table.ts";
import { shellLine, visible } from "../show/visible.ts";

export const ls = defineCommand({
  name: "ls",
  about: "List all sessions, oldest first",
  flags: { json: { kind: "switch", about: "Print the API's own body" } },
  examples: ["korun ls", "korun ls --json"],
  async run({ flags }) {
    const list = (await listed(openClient({ launch: "remembered" }))) ?? (await nothing());
    if (flags.json) {
      printOut(list.text);
      return EXIT.ok;
    }
    const { columns, colour } = await screenOf(1);
    const now = Date.now();
    const width = columns ?? LONGEST_COMMAND;
    const rows = list.body.sessions.map((session) => row(session, { now, width }));
    printOut(renderTable(TITLES, rows, { columns, firm: FIRM, paint: painter(colour) }));
    return EXIT.ok;
  },
});

const TITLES = ["NAME", "ID", "STATE", "PID", "UPTIME", "RESTARTS", "COMMAND"];

/** How wide a command is shown where no terminal says how wide that is. */
const LONGEST_COMMAND = 200;

/** As wide as `exited(SIGTERM)`. */
const FIRM = { STATE: 15 };

const STATE_STYLES: Readonly<Partial<Record<string, Style>>> = {
  running: "green",
  starting: "yellow",
  stopping: "yellow",
  failed: "red",
};

/** Undefined when there is no daemon. */
async function listed(client: Client): Promise<Reply<SessionListReply> | undefined> {
  try {
    return await client.list();
  } catch (thrown) {
    if (thrown instanceof NoDaemon) return undefined;
    throw thrown;
  }
}

async function nothing(): Promise<Reply<SessionListReply>> {
  const { note } = await import("../show/note.ts");
  note.info("no daemon is running");
  const body = { sessions: [] };
  return { body, text: `${JSON.stringify(body)}\n` };
}

interface Shown {
  readonly now: number;
  /** Of a command at most. */
  readonly width: number;
}

function row(session: SessionSummary, { now, width }: Shown): Cell[] {
  const { name, id, pid, uptime_ms, restart_count, command } = session;
  return [
    { text: name === null ? "-" : visible(name) },
    { text: shortId(id) },
    { text: stateOf(session, now), style: styleOf(session) },
    { text: pid === null ? "-" : String(pid) },
    { text: uptime_ms === null ? "-" : formatDuration(uptime_ms) },
    { text: String(restart_count) },
    { text: cut(shellLine(command), width) },
  ];
}

/** The state, how it ended when it did, and what is amiss or is to follow. */
function stateOf(session: SessionSummary, now: number): string {
  const { state, exit_code, term_signal } = session;
  const how = state === "exited" ? (term_signal ?? exit_code) : null;
  const ended = how === null ? state : `${state}(${how})`;
  const more = state === "running" ? shortcoming(session) : nextInShort(session, now);
  return more === undefined ? ended : `${ended}, ${more}`;
}

function shortcoming({ ready, health }: SessionSummary): string | undefined {
  if (health?.state === "unhealthy") return "unhealthy";
  return ready ? undefined : "not ready";
}

function styleOf(session: SessionSummary): Style | undefined {
  const { state, exit_code, next_restart_at } = session;
  if (next_restart_at !== null) return "yellow";
  if (state === "running" && shortcoming(session) !== undefined) return "yellow";
  if (state === "exited") return exit_code === 0 ? "dim" : "red";
  return STATE_STYLES[state];
}
