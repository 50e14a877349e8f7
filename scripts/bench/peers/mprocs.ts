// mprocs: shows jobs in a terminal, each in a terminal of its own.

import { shellLine } from "../shell.ts";
import type { Peer } from "./peer.ts";

export const mprocs: Peer<"supervise"> = {
  name: "mprocs",
  programs: ["mprocs"],
  isDaemon: false,
  async supervise(place, jobs) {
    const lines = jobs.map(({ command }) => shellLine(command));
    const shown = place.show(["mprocs", "--on-all-finished", "{c: quit}", ...lines]);
    return {
      async captured(_, bytes) {
        await shown.exited;
        return { bytes, time: performance.now() };
      },
    };
  },
};
