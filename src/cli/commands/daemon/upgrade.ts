// Puts this executable in the daemon's place. No session stops: the next daemon takes them over.

import { realpathSync } from "node:fs";
import { VERSION } from "../../../client/version.ts";
import { Problem } from "../../../domain/problem.ts";
import { EXIT } from "../../exit.ts";
import { defineCommand } from "../../line/signature.ts";
import { openClient } from "../../open-client.ts";
import { printOut } from "../../show/print.ts";

/** Longest wait for the next daemon, in ms, and between two looks for it. */
const WAIT_MS = 20_000;
const LOOK_MS = 20;

export const upgrade = defineCommand({
  name: "daemon upgrade",
  about: "Let this korun take over from the daemon that runs; no session stops",
  flags: {},
  examples: ["korun daemon upgrade"],
  async run() {
    const client = openClient({ launch: "never" });
    const { body: before } = await client.daemon();
    await client.upgradeDaemon(realpathSync(process.execPath));
    const after = await nextDaemon(before.pid);
    if (after.version !== VERSION) {
      throw new Problem("conflict", `the upgrade failed: korun ${after.version} serves on`, {
        hint: `${after.problem ?? "The daemon's log says more"}. See: korun daemon logs`,
      });
    }
    const sessions = goOn(after.sessions_running);
    printOut(`korun ${before.version} was replaced by korun ${after.version}: ${sessions}\n`);
    return EXIT.ok;
  },
});

function goOn(running: number): string {
  if (running === 0) return "no session was running";
  return running === 1 ? "1 running session goes on" : `${running} running sessions go on`;
}

async function nextDaemon(pid: number) {
  const deadline = performance.now() + WAIT_MS;
  for (;;) {
    try {
      const { body } = await openClient({ launch: "never" }).daemon();
      if (body.pid !== pid) return body;
    } catch (thrown) {
      // Between the two there is none.
      if (!(thrown instanceof Problem) || thrown.code !== "unavailable") throw thrown;
    }
    if (performance.now() > deadline) {
      throw new Problem("unavailable", `no daemon has followed pid ${pid} within 20 s`, {
        hint: "See: korun daemon logs",
      });
    }
    await Bun.sleep(LOOK_MS);
  }
}
