// Tells those who wait for a daemon how its start went: the client that launched us, over its pipe,
// and everyone else in the keeper's lock file.

import { messageOf } from "../domain/problem.ts";
import { logLine } from "./keeper-log.ts";
import type { KeeperNote } from "./options.ts";
import { passOn, type Report } from "./report.ts";

export interface AnnouncerOptions {
  /** A client launched this keeper, and waits. */
  readonly isAwaited: boolean;
  /** Replaces what the lock file says. Throws a system error. */
  write(text: string): void;
}

export class Announcer {
  readonly #options: AnnouncerOptions;
  #isAwaited: boolean;

  constructor(options: AnnouncerOptions) {
    this.#options = options;
    this.#isAwaited = options.isAwaited;
  }

  tell(report: Report): void {
    // Once: afterwards the launcher's descriptor may be anything.
    if (this.#isAwaited && report.kind !== "silent") {
      this.#isAwaited = false;
      passOn(report.text);
    }
    try {
      this.#options.write(JSON.stringify(noteOf(report)));
    } catch (thrown) {
      logLine("warn", `cannot leave word in the lock: ${messageOf(thrown)}`);
    }
  }
}

function noteOf(report: Report): KeeperNote {
  const { pid } = process;
  if (report.kind !== "refused") return { pid };
  return { pid, refusal: { reason: report.reason, hint: report.hint } };
}
