// The daemon in a few lines.

import { defineCommand } from "../../line/signature.ts";
import { openClient } from "../../open-client.ts";
import { showDaemon } from "../../show/daemon.ts";

export const status = defineCommand({
  name: "daemon status",
  about: "Show the daemon's pid, version, port and places",
  flags: { json: { kind: "switch", about: "Print the API's own body" } },
  examples: ["korun daemon status", "korun daemon status --json"],
  run: ({ flags }) => showDaemon(openClient({ launch: "never" }), flags),
});
