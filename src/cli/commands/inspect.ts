// One session in full.

import { EXIT } from "../exit.ts";
import { defineCommand } from "../line/signature.ts";
import { openClient } from "../open-client.ts";
import { ONE_SESSION, pickSession } from "../pick.ts";
import { printOut } from "../show/print.ts";
import { screenOf } from "../show/screen.ts";
import { painter } from "../show/style.ts";
import { renderPairs } from "../show/table.ts";

export const inspect = defineCommand({
  name: "inspect",
  about: "Show all that is known of a session",
  flags: { json: { kind: "switch", about: "Print the API's own body" } },
  words: ONE_SESSION,
  examples: ["korun inspect web", "korun inspect web --json"],
  async run({ flags, words }) {
    const client = openClient({ launch: "remembered" });
    const reply = await client.inspect(await pickSession(client, words));
    if (flags.json) {
      printOut(reply.text);
      return EXIT.ok;
    }
    const { describeSession } = await import("../show/describe.ts");
    const { colour } = await screenOf(1);
    printOut(renderPairs(describeSession(reply.body), painter(colour)));
    return EXIT.ok;
  },
});
