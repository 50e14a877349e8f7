// Writes to a session's stdin, or types into its terminal: what the words say, else what comes in on
// our own stdin.

import type { SendInputBody } from "../../api/input.ts";
import { EXIT } from "../exit.ts";
import { misuse } from "../line/argv.ts";
import { DURATION } from "../line/forms.ts";
import { defineCommand } from "../line/signature.ts";
import { openClient } from "../open-client.ts";
import { expectReference } from "../pick.ts";
import { sendOne, sendStdin, type Target } from "../sending.ts";

const STDIN = 0;

export const send = defineCommand({
  name: "send",
  about: "Write to a session's stdin, or type into its terminal",
  flags: {
    enter: { kind: "switch", about: "A newline follows; in a terminal, its Enter key" },
    eof: { kind: "switch", about: "Then its input ends; in a terminal, Ctrl-D follows" },
    timeout: {
      kind: "value",
      value: "TIME",
      about: "How long to wait for a process that does not read (default: 5s)",
      form: DURATION,
    },
    json: { kind: "switch", about: "Print the API's own body, one a request" },
  },
  words: {
    name: "ID",
    about: "UUID, unique prefix (4 or more), or name",
    least: 1,
    most: Number.POSITIVE_INFINITY,
    offer: "sessions",
    followedBy: {
      name: "TEXT…",
      about: "What to send; without a text, what comes on stdin, unless that is a terminal",
    },
  },
  examples: [
    "korun send repl 'print(1)' --enter",
    "cat data.sql | korun send db --eof",
    "korun send repl '' --enter",
  ],
  async run({ flags, words }) {
    const [id = "", ...texts] = words;
    const { enter, eof, json, timeout } = flags;
    const last: SendInputBody = { ...(enter ? { enter } : {}), ...(eof ? { eof } : {}) };
    const target: Target = {
      client: openClient({ launch: "remembered" }),
      reference: expectReference(id),
      patience: timeout === undefined ? {} : { timeout },
      json,
    };
    if (texts.length > 0) {
      await sendOne(target, { text: texts.join(" "), ...last });
    } else if (await isTerminal()) {
      if (!enter && !eof) throw misuse(send, "there is nothing to send", NOTHING_HINT);
      await sendOne(target, last);
    } else await sendStdin(target, last);
    return EXIT.ok;
  },
});

const NOTHING_HINT = "Give a text, --enter or --eof, or pipe something into it.";

async function isTerminal(): Promise<boolean> {
  const { isatty } = await import("node:tty");
  return isatty(STDIN);
}
