// The commands about the daemon itself.

import type { Group } from "../line/signature.ts";

export const daemon: Group = {
  name: "daemon",
  about: "Start, stop and look at the daemon",
  examples: ["korun daemon status", "korun daemon stop"],
  commands: {
    start: async () => (await import("./daemon/start.ts")).start,
    stop: async () => (await import("./daemon/stop.ts")).stop,
    status: async () => (await import("./daemon/status.ts")).status,
    upgrade: async () => (await import("./daemon/upgrade.ts")).upgrade,
    logs: async () => (await import("./daemon/logs.ts")).logs,
    keep: async () => (await import("./daemon/keep.ts")).keep,
    run: async () => (await import("./daemon/run.ts")).run,
  },
};
