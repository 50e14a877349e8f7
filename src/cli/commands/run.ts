// A session in the foreground.

import { runInForeground } from "../foreground.ts";
import { defineCommand } from "../signature.ts";
import { START_FLAGS } from "../start-session.ts";

export const run = defineCommand({
  name: "run",
  about: "Run a command in the foreground: its output here, its exit code ours",
  flags: START_FLAGS,
  takesCommand: true,
  examples: ["korun run -- npm test", "korun run -w src -w 'test/**/*.ts' -- npm test"],
  run: (line) => runInForeground(line),
});
