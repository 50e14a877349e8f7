// Forgets sessions at rest, by age and number.

import { EXIT } from "../exit.ts";
import { COUNT, countIn, DURATION } from "../line/forms.ts";
import { defineCommand } from "../line/signature.ts";
import { openClient } from "../open-client.ts";
import { labelOf } from "../pick.ts";
import { printOut } from "../show/print.ts";
import { visible } from "../show/visible.ts";

export const prune = defineCommand({
  name: "prune",
  about: "Forget sessions that are at rest for good, with their output",
  flags: {
    "older-than": {
      kind: "value",
      value: "TIME",
      form: DURATION,
      about: "Only those that have been at rest for so long",
    },
    keep: {
      kind: "value",
      value: "N",
      form: COUNT,
      about: "Keep those that came to rest last, so many of them",
    },
    json: { kind: "switch", about: "Print the API's own body" },
  },
  examples: ["korun prune --older-than 7d", "korun prune --keep 20", "korun prune"],
  async run({ flags }) {
    const keep = countIn(flags.keep);
    const reply = await openClient({ launch: "remembered" }).prune({
      ...(flags["older-than"] === undefined ? {} : { older_than: flags["older-than"] }),
      ...(keep === undefined ? {} : { keep }),
    });
    if (flags.json) {
      printOut(reply.text);
      return EXIT.ok;
    }
    const { removed } = reply.body;
    printOut(removed.map((session) => `${visible(labelOf(session))} removed\n`).join(""));
    if (removed.length > 0) return EXIT.ok;
    const { note } = await import("../show/note.ts");
    note.info("no session to remove");
    return EXIT.ok;
  },
});
