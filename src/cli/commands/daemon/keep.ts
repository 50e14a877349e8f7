// The keeper, in this process: what `daemon start` starts, and what starts the daemon.

import { VERSION } from "../../../client/version.ts";
import { ownCommand } from "../../../daemon/launch.ts";
import { resolvePaths } from "../../../daemon/paths.ts";
import { defineCommand } from "../../line/signature.ts";

export const keep = defineCommand({
  name: "daemon keep",
  about: "Be the keeper, which starts the daemon again when it dies",
  hidden: true,
  flags: {
    join: { kind: "switch", about: "Keep the daemon that started this keeper" },
    resume: { kind: "value", value: "FD", about: "Go on as the keeper that this process was" },
  },
  examples: [],
  async run({ flags }) {
    const paths = resolvePaths(process.env);
    const { runKeeper } = await import("../../../keeper/keeper.ts");
    return await runKeeper({
      home: paths.home,
      daemonLock: paths.lock,
      program: ownCommand(),
      daemonArgs: ["daemon", "run", "--detached"],
      keeperArgs: ["daemon", "keep"],
      version: VERSION,
      env: process.env,
      origin:
        flags.resume === undefined
          ? flags.join
            ? "joining"
            : "launched"
          : { resume: Number(flags.resume) },
    });
  },
});
