// Output from anywhere in a session's log, or of every session as it comes.

import { LOG_FLAGS } from "../line/log-flags.ts";
import { defineCommand } from "../line/signature.ts";
import { showLog } from "../logs/show-log.ts";
import { ONE_SESSION } from "../pick.ts";

export const logs = defineCommand({
  name: "logs",
  about: "Show a session's output; with -f and no ID, follow that of every session",
  flags: LOG_FLAGS,
  words: ONE_SESSION,
  examples: ["korun logs web", "korun logs -f", "korun logs -t --since-seq 120 web"],
  async run(line) {
    if (!line.flags.follow || line.words.length > 0) return await showLog("logs", line);
    const { followAll } = await import("../logs/follow-all.ts");
    return await followAll(line.flags);
  },
});
