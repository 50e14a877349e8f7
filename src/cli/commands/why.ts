// A session's state in words.

import { EXIT } from "../exit.ts";
import { defineCommand } from "../line/signature.ts";
import { openClient } from "../open-client.ts";
import { ONE_SESSION, pickSession } from "../pick.ts";
import { printOut } from "../show/print.ts";
import { explain } from "../show/why.ts";

export const why = defineCommand({
  name: "why",
  about: "Say why a session is in the state it is in, and what it waits for",
  flags: {},
  words: ONE_SESSION,
  examples: ["korun why web"],
  async run({ words }) {
    const client = openClient({ launch: "remembered" });
    const session = (await client.inspect(await pickSession(client, words))).body;
    const { runs } = (await client.runs(session.id)).body;
    const newest = runs.findLast(({ number }) => number === session.run);
    printOut(`${explain(session, newest).join("\n")}\n`);
    return EXIT.ok;
  },
});
