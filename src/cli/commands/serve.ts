// Starts a session and prints its id alone, for scripts and Makefiles.

import type { Client } from "../../client/client.ts";
import { parseDuration } from "../../domain/duration.ts";
import { DEFAULT_WAIT } from "../../domain/wait.ts";
import { EXIT } from "../exit.ts";
import { defineCommand } from "../line/signature.ts";
import { openClient } from "../open-client.ts";
import { shortId } from "../pick.ts";
import { printOut, Unwritable } from "../show/print.ts";
import { START_FLAGS, startSession } from "../start/start-session.ts";

export const serve = defineCommand({
  name: "serve",
  about: "Run a command in the background and print its session's id",
  flags: {
    ...START_FLAGS,
    wait: { kind: "switch", about: "Return once it is ready, as `korun wait` would" },
    json: { kind: "switch", about: "Print the API's own body" },
  },
  takesCommand: true,
  examples: [
    "korun serve -- npm run dev",
    "korun serve --name api --watch src --watch Cargo.toml -- cargo run",
    "ID=$(korun serve -e PORT=3000 -- node server.js)",
    "korun serve --ready-port 3000 --wait -- node server.js && npm test",
  ],
  async run({ flags, command }) {
    const client = openClient({ launch: "always" });
    const { reply, exitCode } = await startSession(client, { flags, command });
    const { id } = reply.body;
    if (flags.json) tell(reply.text, id);
    if (exitCode !== undefined) return exitCode;
    if (!flags.json) tell(`${id}\n`, id);
    return flags.wait ? await untilReady(client, { id, flags }) : EXIT.ok;
  },
});

/** Where its id cannot be written, it is told with the reason: the session is there all the same. */
function tell(text: string, id: string): void {
  try {
    printOut(text);
  } catch (thrown) {
    if (!(thrown instanceof Unwritable)) throw thrown;
    throw new Unwritable(thrown.cause, `The session is there: ${id}`);
  }
}

type WaitFlags = { readonly [Name in "name" | "ready-timeout"]: string | undefined };

/** As long as its checks may take, counted from here: those of its first run are over by then. */
async function untilReady(
  client: Client,
  { id, flags }: { readonly id: string; readonly flags: WaitFlags },
): Promise<number> {
  const { awaitSession } = await import("../waiting.ts");
  return await awaitSession(client, {
    reference: id,
    label: flags.name ?? shortId(id),
    goal: "ready",
    timeoutMs: parseDuration(flags["ready-timeout"] ?? DEFAULT_WAIT) ?? 0,
    shows: "nothing",
  });
}
