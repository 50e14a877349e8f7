// Every kind of check and what looks at it. A new kind is a file beside these and a line here.

import type { Check } from "../domain/checks.ts";
import { commandProbe } from "./command.ts";
import { fileProbe } from "./file.ts";
import { logProbe } from "./log.ts";
import { portProbe } from "./port.ts";
import type { Probe, ProbedRun } from "./probe.ts";
import { regexProbe } from "./regex.ts";
import { urlProbe } from "./url.ts";

/** The probe of a check; `place` names the check among those of its session: `ready[0]`. */
export function openProbe(check: Check, run: ProbedRun, place: string): Probe {
  switch (check.kind) {
    case "log":
      return logProbe(check, run);
    case "regex":
      return regexProbe(check, run);
    case "port":
      return portProbe(check, run);
    case "url":
      return urlProbe(check, run);
    case "file":
      return fileProbe(check, run);
    case "command":
      return commandProbe(check, { run, place });
    default:
      return check satisfies never;
  }
}
