// One session in full.

import { EXIT } from "../exit.ts";
import { openClient } from "../open-client.ts";
import { ONE_SESSION, pickSession } from "../pick.ts";
import { printOut } from "../print.ts";
import { screenOf } from "../screen.ts";
import { defineCommand } from "../signature.ts";
import { painter } from "../style.ts";
import { renderPairs } from "../table.ts";

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
    const { describeSession } = await import("../describe.ts");
    const { colour } = await screenOf(1);
    printOut(renderPairs(describeSession(reply.body), painter(colour)));
    return EXIT.ok;
  },
});
