// The daemon's own log.

import { statSync } from "node:fs";
import { type Paths, resolvePaths } from "../../../daemon/paths.ts";
import { homeProblem } from "../../../daemon/prepare.ts";
import { COUNT, countIn } from "../../line/forms.ts";
import { defineCommand } from "../../line/signature.ts";
import { showDaemonLog } from "../../show/daemon-log.ts";

export const logs = defineCommand({
  name: "daemon logs",
  about: "Show the daemon's own log, also when it does not run",
  flags: {
    follow: { kind: "switch", short: "f", about: "Go on with what is yet to come" },
    limit: { kind: "value", short: "n", value: "N", form: COUNT, about: "Lines (default: 100)" },
  },
  examples: ["korun daemon logs", "korun daemon logs -f"],
  async run({ flags }) {
    const paths = resolvePaths(process.env);
    expectPossible(paths);
    const limit = countIn(flags.limit) ?? 100;
    return await showDaemonLog(paths.log, { limit, follow: flags.follow });
  },
});

/** Throws a Problem for a home that no daemon could ever have, and write a log in. */
function expectPossible(paths: Paths): void {
  try {
    statSync(paths.log, { throwIfNoEntry: false });
  } catch (thrown) {
    throw homeProblem(paths, thrown);
  }
}
