// Starts a session and prints its id alone, for scripts and Makefiles.

import { EXIT } from "../exit.ts";
import { openClient } from "../open-client.ts";
import { printOut } from "../print.ts";
import { defineCommand } from "../signature.ts";
import { START_FLAGS, startSession } from "../start-session.ts";

export const serve = defineCommand({
  name: "serve",
  about: "Run a command in the background and print its session's id",
  flags: { ...START_FLAGS, json: { kind: "switch", about: "Print the API's own body" } },
  takesCommand: true,
  examples: [
    "korun serve -- npm run dev",
    "korun serve --name api --watch src --watch Cargo.toml -- cargo run",
    "ID=$(korun serve -e PORT=3000 -- node server.js)",
  ],
  async run({ flags, command }) {
    const client = openClient({ launch: true });
    const { reply, exitCode } = await startSession(client, { flags, command });
    if (flags.json) printOut(reply.text);
    if (exitCode !== undefined) return exitCode;
    if (!flags.json) printOut(`${reply.body.id}\n`);
    return EXIT.ok;
  },
});
