// The oldest output of a session.

import { LOG_FLAGS } from "../log-flags.ts";
import { ONE_SESSION } from "../pick.ts";
import { showLog } from "../show-log.ts";
import { defineCommand } from "../signature.ts";

export const head = defineCommand({
  name: "head",
  about: "Show the oldest lines that are still held of a session's output",
  flags: LOG_FLAGS,
  words: ONE_SESSION,
  examples: ["korun head web", "korun head -n 5 --stream stdout web"],
  run: (line) => showLog("head", line),
});
