// A session's output in a few lines: levels, the last errors, what was repeated.

import { readDigest } from "../../client/output.ts";
import { EXIT } from "../exit.ts";
import { MOMENT, RUN } from "../line/forms.ts";
import { defineCommand } from "../line/signature.ts";
import { openClient } from "../open-client.ts";
import { ONE_SESSION, pickSession } from "../pick.ts";
import { digestLines } from "../show/digest-text.ts";
import { printOut } from "../show/print.ts";
import { screenOf } from "../show/screen.ts";
import { painter } from "../show/style.ts";

export const digest = defineCommand({
  name: "digest",
  about: "Sum up a session's output: levels, the last errors, what was repeated",
  flags: {
    run: {
      kind: "value",
      value: "N",
      form: RUN,
      about: "Of this run; last is the newest (default, unless --since is given)",
    },
    since: {
      kind: "value",
      value: "TIME",
      form: MOMENT,
      about: "Only from this time on: 5m ago, or 2026-03-16T12:00:00Z",
    },
    stream: {
      kind: "choice",
      choices: ["blended", "stdout", "stderr"],
      about: "Which output (default: blended)",
    },
    json: { kind: "switch", about: "Print the API's own body" },
  },
  words: ONE_SESSION,
  examples: ["korun digest web", "korun digest web --since 1h --json"],
  async run({ flags, words }) {
    const { run, since, stream } = flags;
    const client = openClient({ launch: "remembered" });
    const reply = await readDigest(client, await pickSession(client, words), {
      run,
      since,
      stream,
    });
    if (flags.json) {
      printOut(reply.text);
      return EXIT.ok;
    }
    const paint = painter((await screenOf(1)).colour);
    printOut(`${digestLines(reply.body, paint).join("\n")}\n`);
    return EXIT.ok;
  },
});
