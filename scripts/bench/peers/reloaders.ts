// Programs that only start a command again when a file changes.

import { shellLine } from "../shell.ts";
import type { Peer } from "./peer.ts";

export const nodemon: Peer<"reload"> = {
  name: "nodemon",
  programs: ["nodemon"],
  isDaemon: false,
  async reload(place, { folder, watched, command }) {
    const watch = ["--watch", watched, "--ext", "txt", "--delay", "1ms", "--signal", "SIGTERM"];
    place.start(["nodemon", "--quiet", ...watch, "--exec", shellLine(command)], { cwd: folder });
  },
};

export const watchexec: Peer<"reload"> = {
  name: "watchexec",
  programs: ["watchexec"],
  isDaemon: false,
  async reload(place, { folder, watched, command }) {
    const watch = ["--watch", watched, "--restart", "--debounce", "0ms", "--shell=none"];
    place.start(["watchexec", ...watch, "--", ...command], { cwd: folder });
  },
};

export const entr: Peer<"reload"> = {
  name: "entr -r",
  programs: ["entr"],
  // It tells none.
  versionArgs: [],
  isDaemon: false,
  async reload(place, { folder, file, command }) {
    const script = 'printf "%s\\n" "$0" | exec entr -rn "$@"';
    place.start(["sh", "-c", script, file, ...command], { cwd: folder });
  },
};
