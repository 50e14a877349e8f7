// The sampler on this machine, and who listens on it.

import { cpus } from "node:os";
import type { ListenerSource } from "../http/routes/stats.ts";
import { findListeners, listeners, portsOf } from "../process/ports.ts";
import { processSource } from "../process/source.ts";
import { requestScan, rescanProcesses } from "../process/tree.ts";
import { Sampler } from "../supervisor/attendants/sampler.ts";

export const LISTENERS: ListenerSource = { findListeners, listeners, portsOf };

/** Looks at the real processes; `report` takes what went wrong. */
export function createSampler(report: (what: string, cause: unknown) => void): Sampler {
  return new Sampler({
    scan: requestScan,
    rescan: rescanProcesses,
    now: () => ({ wall: Date.now(), steady: performance.now() }),
    every(ms, call) {
      const timer = setInterval(call, ms);
      return () => clearInterval(timer);
    },
    isUnreaped: (identity) => processSource().isUnreaped(identity),
    processors: Math.max(1, cpus().length),
    report,
  });
}
