// pm2: a daemon in Node.js that writes what jobs print to files.

import { join } from "node:path";
import type { Place } from "../place.ts";
import { untilWritten } from "./output.ts";
import type { Job, Peer, Reloaded } from "./peer.ts";

const PROGRAM = "pm2";

export const pm2: Peer<"supervise" | "reload"> = {
  name: "pm2",
  programs: [PROGRAM],
  isDaemon: true,
  async supervise(place, jobs) {
    const logOf = ({ name }: Job) => place.path(`${name}.log`);
    await start(
      place,
      jobs.map((job) => ({ ...appOf(job), out_file: logOf(job) })),
    );
    return {
      list: [PROGRAM, "ls"],
      captured: (job, bytes) => untilWritten(logOf(job), bytes),
      follow: ({ name }) => place.open([PROGRAM, "logs", name, "--raw", "--lines", "0"]).stdout,
    };
  },
  async reload(place, { folder, watched, command }: Reloaded) {
    const app = appOf({ name: "reloaded", command });
    await start(place, [{ ...app, cwd: folder, watch: [join(folder, watched)], watch_delay: 0 }]);
  },
};

function appOf({ name, command }: Job) {
  const [script, ...args] = command;
  const restarts = { autorestart: false };
  return { name, script, args, interpreter: "none", ...restarts };
}

async function start(place: Place, apps: readonly object[]): Promise<void> {
  // A file without any app is an error to pm2.
  if (apps.length === 0) {
    await place.run([PROGRAM, "ping"]);
    return;
  }
  const file = place.path("ecosystem.config.json");
  await Bun.write(file, JSON.stringify({ apps }));
  await place.run([PROGRAM, "start", file]);
}
