// What happened, newest last; with -f also what happens.

import type { EventReply } from "../../api/history-replies.ts";
import type { SessionSummary } from "../../api/replies.ts";
import type { Client } from "../../client/client.ts";
import { followEvents } from "../../client/follow.ts";
import { EXIT } from "../exit.ts";
import { misuse } from "../line/argv.ts";
import { COUNT, countIn } from "../line/forms.ts";
import { defineCommand } from "../line/signature.ts";
import { whileRead } from "../logs/show-log.ts";
import { openClient } from "../open-client.ts";
import { eventLine } from "../show/event-line.ts";
import { printOut, writeAll } from "../show/print.ts";
import { screenOf } from "../show/screen.ts";
import { painter } from "../show/style.ts";

export const events = defineCommand({
  name: "events",
  about: "Show what happened to all sessions and the daemon",
  flags: {
    follow: { kind: "switch", short: "f", about: "Go on with what is yet to come" },
    limit: { kind: "value", short: "n", value: "N", form: COUNT, about: "Events (default: 100)" },
    "since-seq": {
      kind: "value",
      value: "N",
      form: COUNT,
      about: "From this event on, instead of the newest",
    },
    json: { kind: "switch", about: "Print the API's own body; with -f, one event a line" },
  },
  examples: ["korun events", "korun events -f", "korun events -f --json --since-seq 120"],
  async run({ flags }) {
    const client = openClient({ launch: "remembered" });
    const { follow, json } = flags;
    const [limit, sinceSeq] = [countIn(flags.limit), countIn(flags["since-seq"])];
    if (follow && sinceSeq !== undefined) {
      if (limit === undefined) return await followFrom(client, { sinceSeq, json });
      throw misuse({ name: "events" }, "-n has no meaning when all from an event on is followed");
    }
    const { body, text } = await client.events({ limit, sinceSeq });
    if (json && !follow) {
      printOut(text);
      return EXIT.ok;
    }
    const show = await formatter(client, json);
    await writeAll(1, show(body.events));
    if (!follow) return EXIT.ok;
    return await whileRead((signal) => showAll(client, { sinceSeq: body.next_seq, signal, show }));
  },
});

type Show = (events: readonly EventReply[]) => Uint8Array;

async function followFrom(
  client: Client,
  { sinceSeq, json }: { sinceSeq: number; json: boolean },
): Promise<number> {
  const show = await formatter(client, json);
  return await whileRead((signal) => showAll(client, { sinceSeq, signal, show }));
}

async function showAll(
  client: Client,
  { sinceSeq, signal, show }: { sinceSeq: number; signal: AbortSignal; show: Show },
): Promise<void> {
  for await (const batch of followEvents(client, { sinceSeq, signal })) {
    await writeAll(1, show(batch));
  }
}

async function formatter(client: Client, json: boolean): Promise<Show> {
  const encoder = new TextEncoder();
  if (json) {
    return (events) => encoder.encode(events.map((event) => `${JSON.stringify(event)}\n`).join(""));
  }
  const paint = painter((await screenOf(1)).colour);
  const names = namesOf((await client.list()).body.sessions);
  return (events) => {
    let text = "";
    for (const event of events) {
      const { type, session_id: id, name } = event;
      if (type === "created" && id !== null && name) names.set(id, name);
      text += eventLine(event, id === null ? undefined : names.get(id), paint);
    }
    return encoder.encode(text);
  };
}

function namesOf(sessions: readonly SessionSummary[]): Map<string, string> {
  return new Map(sessions.flatMap(({ id, name }) => (name === null ? [] : [[id, name] as const])));
}
