// concurrently: runs jobs in the foreground and passes on what they print, prefixed.

import { shellLine } from "../shell.ts";
import type { Peer } from "./peer.ts";

export const concurrently: Peer<"supervise"> = {
  name: "concurrently",
  programs: ["concurrently"],
  isDaemon: false,
  async supervise(place, jobs) {
    const lines = jobs.map(({ command }) => shellLine(command));
    const output = place.open(["concurrently", ...lines]).stdout;
    return {
      async captured(_, bytes) {
        for await (const _ of output);
        return { bytes, time: performance.now() };
      },
      follow: () => output,
    };
  },
};
