// The daemon itself, in this process. What `daemon start` starts is this, detached.

import { VERSION } from "../../../client/version.ts";
import { resolvePaths } from "../../../daemon/paths.ts";
import { defineCommand } from "../../line/signature.ts";

export const run = defineCommand({
  name: "daemon run",
  about: "Be the daemon, in the foreground",
  flags: {
    detached: {
      kind: "switch",
      hidden: true,
      about: "Without a terminal, as `daemon start` starts it",
    },
  },
  examples: ["korun daemon run"],
  async run({ flags }) {
    const { runDaemon } = await import("../../../daemon/run.ts");
    const exitCode = await runDaemon(resolvePaths(process.env), {
      version: VERSION,
      detached: flags.detached,
    });
    // After an upgrade our children live on, and Bun would wait for them.
    return process.exit(exitCode);
  },
});
