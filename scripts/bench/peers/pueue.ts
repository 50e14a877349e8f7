// pueue: a daemon in Rust that gives each job a file to print to, and so never sees what it prints.

import { shellLine } from "../shell.ts";
import { waitUntil } from "../wait.ts";
import { untilWritten } from "./output.ts";
import type { Job, Peer } from "./peer.ts";

export const pueue: Peer<"supervise"> = {
  name: "pueue",
  programs: ["pueue", "pueued"],
  isDaemon: true,
  async supervise(place, jobs) {
    place.start(["pueued"]);
    await waitUntil("pueued to answer", () =>
      place.run(["pueue", "parallel", "0"]).then(
        () => true,
        () => false,
      ),
    );
    for (const { command } of jobs) await place.run(["pueue", "add", "--", shellLine(command)]);
    const idOf = ({ name }: Job) => String(jobs.findIndex((job) => job.name === name));
    const logs = place.path("home/.local/share/pueue/task_logs");
    return {
      list: ["pueue", "status"],
      captured: (job, bytes) => untilWritten(`${logs}/${idOf(job)}.log`, bytes),
      follow: (job) => place.open(["pueue", "follow", idOf(job)]).stdout,
    };
  },
};
