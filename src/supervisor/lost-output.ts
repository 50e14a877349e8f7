// In the place of output that could not be taken over from an earlier daemon. The session is listed
// and can be stopped all the same: its processes may be alive.

import { messageOf, Problem } from "../domain/problem.ts";
import { type RingLimits, ringBytes } from "../logs/layout.ts";
import { RingReader } from "../logs/ring-reader.ts";
import { SessionLog } from "../logs/session-log.ts";
import type { Output } from "./machinery.ts";

const NO_LINES: RingLimits = { entries: 1, bytes: 0 };

/**
 * An empty log, and no pipes for a further run. What lies on the disk is left as it is; the next
 * daemon takes it over, or clears it away once the session is removed.
 */
export function lostOutput(why: unknown): Output {
  const log = new SessionLog({ stdout: emptyRing("stdout"), stderr: emptyRing("stderr") });
  return {
    log,
    input: undefined,
    terminal: () => null,
    begin() {
      throw new Problem("internal", `its output could not be taken over: ${messageOf(why)}`, {
        hint: "Mend that, then stop and start the daemon.",
        cause: why,
      });
    },
    started() {},
    async drain() {},
    settle: (over) => log.settle(over),
    async release() {
      log.close();
    },
  };
}

function emptyRing(stream: "stdout" | "stderr"): RingReader {
  return new RingReader(new ArrayBuffer(ringBytes(NO_LINES)), { stream, limits: NO_LINES });
}
