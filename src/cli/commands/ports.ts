// Who listens on this machine: sessions, strangers, and those who are in a session's way. Strangers
// are there without a daemon too.

import type { PortListReply, PortReply } from "../../api/stats.ts";
import type { Client, Reply } from "../../client/client.ts";
import { NoDaemon } from "../../client/failure.ts";
import { Problem } from "../../domain/problem.ts";
import { EXIT } from "../exit.ts";
import { PORT } from "../line/forms.ts";
import { defineCommand } from "../line/signature.ts";
import { openClient } from "../open-client.ts";
import { shortId } from "../pick.ts";
import { printOut } from "../show/print.ts";
import { screenOf } from "../show/screen.ts";
import { painter } from "../show/style.ts";
import { type Cell, renderTable } from "../show/table.ts";
import { visible } from "../show/visible.ts";

export const ports = defineCommand({
  name: "ports",
  about: "List who listens on which TCP port: sessions and strangers",
  flags: { json: { kind: "switch", about: "Print the API's own body" } },
  words: { name: "PORT", about: "Only this port", least: 0, most: 1 },
  examples: ["korun ports", "korun ports 3000"],
  async run({ flags, words }) {
    const port = portOf(words);
    const client = openClient({ launch: "remembered" });
    const list = (await listed(client, port)) ?? (await strangers(port));
    if (flags.json) {
      printOut(list.text);
      return EXIT.ok;
    }
    const { columns, colour } = await screenOf(1);
    const rows = list.body.ports.map(row);
    printOut(renderTable(TITLES, rows, { columns, paint: painter(colour) }));
    if (port !== undefined && rows.length === 0) {
      const { note } = await import("../show/note.ts");
      note.info(`nobody listens on port ${port}`);
    }
    return EXIT.ok;
  },
});

const TITLES = ["PORT", "ADDRESS", "PID", "NAME", "USER", "SESSION", "WANTED BY"];

function portOf([word]: readonly string[]): number | undefined {
  if (word === undefined) return undefined;
  if (PORT.matches(word)) return Number(word);
  throw new Problem("bad_request", `PORT must be ${PORT.words}, not ${JSON.stringify(word)}`);
}

/** Undefined when there is no daemon. */
async function listed(
  client: Client,
  port: number | undefined,
): Promise<Reply<PortListReply> | undefined> {
  try {
    return await client.ports(port);
  } catch (thrown) {
    if (thrown instanceof NoDaemon) return undefined;
    throw thrown;
  }
}

async function strangers(port: number | undefined): Promise<Reply<PortListReply>> {
  const [{ findListeners, listeners }, { portReplies }] = await Promise.all([
    import("../../process/ports.ts"),
    import("../../http/present/ports.ts"),
  ]);
  const found = port === undefined ? await listeners() : await findListeners(port);
  const body = { ports: portReplies(found) };
  return { body, text: `${JSON.stringify(body)}\n` };
}

function row({ port, address, pid, name, user, session, wanted_by }: PortReply): Cell[] {
  return [
    { text: String(port) },
    { text: visible(address) },
    { text: pid === null ? "-" : String(pid) },
    { text: visible(name ?? "-") },
    { text: visible(user ?? "-") },
    session === null ? { text: "-" } : { text: visible(labelOf(session)), style: "green" },
    wanted_by.length === 0
      ? { text: "-" }
      : { text: visible(wanted_by.map(labelOf).join(" ")), style: "red" },
  ];
}

function labelOf({ id, name }: { readonly id: string; readonly name: string | null }): string {
  return name ?? shortId(id);
}
