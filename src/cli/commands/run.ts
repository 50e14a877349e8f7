// A session in the foreground.

import { defineCommand } from "../line/signature.ts";
import { runInForeground } from "../start/foreground.ts";
import { START_FLAGS } from "../start/start-session.ts";

export const run = defineCommand({
  name: "run",
  about: "Run a command in the foreground: its output here, its exit code ours",
  flags: START_FLAGS,
  takesCommand: true,
  examples: ["korun run -- npm test", "korun run -w src -w 'test/**/*.ts' -- npm test"],
  run: (line) => runInForeground(line),
});
