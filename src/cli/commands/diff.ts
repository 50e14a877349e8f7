// What a session printed since this reader last looked.

import type { DiffReply } from "../../api/diffing.ts";
import type { Client, Reply } from "../../client/client.ts";
import { type DiffQuery, readDiff } from "../../client/output.ts";
import { EXIT } from "../exit.ts";
import { COUNT, countIn, NAME } from "../line/forms.ts";
import { defineCommand } from "../line/signature.ts";
import { FrameText } from "../logs/frame-text.ts";
import { openClient } from "../open-client.ts";
import { ONE_SESSION, pickSession } from "../pick.ts";
import { printOut, writeAll } from "../show/print.ts";

export const diff = defineCommand({
  name: "diff",
  about: "Show what a session printed since this reader last looked",
  flags: {
    cursor: {
      kind: "value",
      value: "NAME",
      form: NAME,
      about: "Who looks; each name has its own place (default: default)",
    },
    limit: {
      kind: "value",
      short: "n",
      value: "N",
      form: COUNT,
      about: "Lines at most, the oldest first (default: all; with --json 1000)",
    },
    "no-ansi": { kind: "switch", about: "Without colours and other escape sequences" },
    json: { kind: "switch", about: "Print the API's own body" },
  },
  words: ONE_SESSION,
  examples: ["korun diff web", "korun diff web --cursor agent-7 --json"],
  async run({ flags, words }) {
    const client = openClient({ launch: "remembered" });
    const reference = await pickSession(client, words);
    const query: DiffQuery = {
      cursor: flags.cursor,
      limit: countIn(flags.limit),
      ansi: flags["no-ansi"] ? "0" : undefined,
    };
    if (flags.json) printOut((await readDiff(client, reference, query)).text);
    else await show(client, { reference, query });
    return EXIT.ok;
  },
});

async function show(
  client: Client,
  { reference, query }: { reference: string; query: DiffQuery },
): Promise<void> {
  const text = new FrameText("blended");
  let reply: Reply<DiffReply>;
  do {
    reply = await readDiff(client, reference, query);
    const { dropped: missed, entries, next_seq } = reply.body;
    await writeAll(1, text.format(missed === 0 ? entries : [{ missed, next_seq }, ...entries]));
  } while (reply.body.more && query.limit === undefined);
  // What comes next time begins a line of its own.
  if (text.open !== "nothing") printOut("\n");
  if (reply.body.more) await tellMore();
}

async function tellMore(): Promise<void> {
  const { note } = await import("../show/note.ts");
  note.info("there are more lines");
}
