// Starts the daemon, as every command does that needs one.

import { defineCommand } from "../../line/signature.ts";
import { openClient } from "../../open-client.ts";
import { showDaemon } from "../../show/daemon.ts";

export const start = defineCommand({
  name: "daemon start",
  about: "Start the daemon in the background, unless it runs",
  flags: { json: { kind: "switch", about: "Print the API's own body" } },
  examples: ["korun daemon start", "KORUN_PORT=7800 korun daemon start"],
  run: ({ flags }) => showDaemon(openClient({ launch: "always" }), flags),
});
