// The oldest output of a session.

import { LOG_FLAGS } from "../line/log-flags.ts";
import { defineCommand } from "../line/signature.ts";
import { showLog } from "../logs/show-log.ts";
import { ONE_SESSION } from "../pick.ts";

export const head = defineCommand({
  name: "head",
  about: "Show the oldest lines that are still held of a session's output",
  flags: LOG_FLAGS,
  words: ONE_SESSION,
  examples: ["korun head web", "korun head -n 5 --stream stdout web"],
  run: (line) => showLog("head", line),
});
