// Ends the daemon, and with it all sessions.

import type { Client, Reply } from "../../../client/client.ts";
import { NoDaemon } from "../../../client/failure.ts";
import { resolvePaths } from "../../../daemon/paths.ts";
import { isHeld } from "../../../daemon/record.ts";
import { EXIT } from "../../exit.ts";
import { defineCommand } from "../../line/signature.ts";
import { openClient } from "../../open-client.ts";
import { printOut } from "../../show/print.ts";

/** How often to look whether it has ended, in ms. */
const LOOK_MS = 20;

export const stop = defineCommand({
  name: "daemon stop",
  about: "Stop all sessions within their grace, and the daemon",
  flags: {
    json: { kind: "switch", about: "Print the API's own body" },
    "no-wait": { kind: "switch", about: "Return at once, not when it has ended" },
  },
  examples: ["korun daemon stop"],
  async run({ flags }) {
    const reply = await ask(openClient({ launch: "never" }));
    if (reply === undefined) {
      const { note } = await import("../../show/note.ts");
      note.info("no daemon is running");
      return EXIT.ok;
    }
    if (!flags["no-wait"]) await ended();
    const done = flags["no-wait"] ? "is stopping" : "stopped";
    printOut(flags.json ? reply.text : `the daemon ${done}\n`);
    return EXIT.ok;
  },
});

/** Undefined when there is none to stop. */
async function ask(client: Client): Promise<Reply<{ readonly ok: true }> | undefined> {
  try {
    return await client.stopDaemon();
  } catch (thrown) {
    if (thrown instanceof NoDaemon) return undefined;
    throw thrown;
  }
}

/** It holds its lock for as long as it lives, however long its sessions take to end. */
async function ended(): Promise<void> {
  const paths = resolvePaths(process.env);
  while (isHeld(paths)) await Bun.sleep(LOOK_MS);
}
