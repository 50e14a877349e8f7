// What sessions use: processor, memory, processes, ports. Once, or again and again.

import type { StatsReply } from "../../api/stats.ts";
import type { Client, Reply } from "../../client/client.ts";
import { outlivingCall } from "../../client/follow.ts";
import { isProblem } from "../../domain/problem.ts";
import { EXIT } from "../exit.ts";
import { defineCommand } from "../line/signature.ts";
import { whileRead } from "../logs/show-log.ts";
import { openClient } from "../open-client.ts";
import { expectReference, isActive, SOME_SESSIONS } from "../pick.ts";
import { printOut, writeAll } from "../show/print.ts";
import { screenOf } from "../show/screen.ts";
import { STATS_TITLES, statsRow } from "../show/stats-table.ts";
import { painter } from "../show/style.ts";
import { type Cell, renderTable } from "../show/table.ts";

/** Between two looks, in ms. */
const LOOK_MS = 1_000;

export const stats = defineCommand({
  name: "stats",
  about: "Show what sessions use: processor, memory, processes, ports",
  flags: {
    follow: { kind: "switch", short: "f", about: "Look again every second, until Ctrl-C" },
    json: { kind: "switch", about: "Print the API's own body, one a session" },
  },
  words: {
    ...SOME_SESSIONS,
    about: "UUID, unique prefix (4 or more), or name; without one, all that are active",
  },
  examples: ["korun stats", "korun stats -f web api", "korun stats --json web"],
  async run({ flags, words }) {
    const client = openClient({ launch: "remembered" });
    const references = words.map(expectReference);
    if (!flags.follow) {
      printOut(await shown(await look(client, references), flags));
      return EXIT.ok;
    }
    const show = await shower(flags);
    return await whileRead(async (signal) => {
      while (!signal.aborted) {
        await writeAll(1, await show(await outlivingCall(client, () => look(client, references))));
        await Bun.sleep(LOOK_MS);
      }
    });
  },
});

type Looks = readonly Reply<StatsReply>[];

/** At those that are named, else at all that are active. */
async function look(client: Client, references: readonly string[]): Promise<Looks> {
  if (references.length > 0) {
    return await Promise.all(references.map((reference) => client.stats(reference)));
  }
  const active = (await client.list()).body.sessions.filter(isActive);
  const looks = await Promise.all(active.map(({ id }) => client.stats(id).catch(ifRemoved)));
  return looks.filter((one) => one !== undefined);
}

/** It was there when they were listed. */
function ifRemoved(thrown: unknown): undefined {
  if (isProblem(thrown, "not_found")) return undefined;
  throw thrown;
}

async function shown(looks: Looks, flags: { readonly json: boolean }): Promise<string> {
  if (flags.json) return looks.map(({ text }) => text).join("");
  const { columns, colour } = await screenOf(1);
  return renderTable(STATS_TITLES, rowsOf(looks), { columns, paint: painter(colour) });
}

/** How each look is shown: in place on a terminal, else as lines with their time. */
async function shower(flags: {
  readonly json: boolean;
}): Promise<(looks: Looks) => Promise<Uint8Array>> {
  const encoder = new TextEncoder();
  if (flags.json) return async (looks) => encoder.encode(await shown(looks, flags));
  const { isTerminal, colour } = await screenOf(1);
  const paint = painter(colour);
  if (!isTerminal) return async (looks) => encoder.encode(timedLines(looks));
  const [{ Picture }, { terminalSize }] = await Promise.all([
    import("../attach/redraw.ts"),
    import("../../native/terminal-size.ts"),
  ]);
  const picture = new Picture();
  return async (looks) => {
    const size = (await terminalSize(1)) ?? { columns: 0, rows: 0 };
    const columns = size.columns > 0 ? size.columns : undefined;
    const table = renderTable(STATS_TITLES, rowsOf(looks), { columns, paint });
    return encoder.encode(picture.draw(table.trimEnd().split("\n"), size));
  };
}

function rowsOf(looks: Looks): Cell[][] {
  return looks.map(({ body }) => statsRow(body));
}

function timedLines(looks: Looks): string {
  const time = { text: new Date().toISOString() };
  const rows = rowsOf(looks).map((row) => [time, ...row]);
  const options = { columns: undefined, paint: painter(false) };
  const table = renderTable(["TIME", ...STATS_TITLES], rows, options);
  // Titles in the middle of lines that go on are nothing to read with a program.
  return table.slice(table.indexOf("\n") + 1);
}
