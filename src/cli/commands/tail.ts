// The newest output of a session.

import { LOG_FLAGS } from "../line/log-flags.ts";
import { defineCommand } from "../line/signature.ts";
import { showLog } from "../logs/show-log.ts";
import { ONE_SESSION } from "../pick.ts";

export const tail = defineCommand({
  name: "tail",
  about: "Show the newest lines of a session's output",
  flags: LOG_FLAGS,
  words: ONE_SESSION,
  examples: ["korun tail -f web", "korun tail -n 20 --stream stderr web"],
  run: (line) => showLog("tail", line),
});
