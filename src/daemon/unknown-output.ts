// Output that lies in the home and that no store knows. Where the store is sound, its session's making
// or removal was cut short, and it goes. Where the store has lost something, it may be all that is
// left of a session: it gets a sign, and a folder with that sign is its user's to remove, whatever
// becomes of the store. So nothing is lost by starting a daemon once more.

import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../domain/problem.ts";
import type { DaemonLog } from "./daemon-log.ts";

/** A file in a session's folder. */
const SIGN = "unknown";

/** Folders that are named in a problem. */
const MOST_NAMED = 3;

export interface UnknownOutput {
  /** The folder in which each session has one of its own. */
  readonly sessions: string;
  /** Those that no store knows. */
  readonly unknown: readonly string[];
  readonly log: DaemonLog;
}

/** Has every daemon leave it alone from now on. */
export function keepUnknown({ sessions, unknown, log }: UnknownOutput): void {
  for (const id of unknown) {
    const sign = signOf(sessions, id);
    if (existsSync(sign)) continue;
    try {
      writeFileSync(sign, "", { mode: 0o600 });
      log.warn(`session ${id} is not known any more: its output is kept`);
    } catch (thrown) {
      log.warn(
        `the output of session ${id}, not known any more, has no sign: ${messageOf(thrown)}`,
      );
    }
  }
}

/** Removes what has no sign. */
export function clearUnknown({ sessions, unknown, log }: UnknownOutput): void {
  for (const id of unknown.filter((one) => !existsSync(signOf(sessions, one)))) {
    log.warn(`removing what was kept of an unknown session ${id}`);
    try {
      rmSync(join(sessions, id), { recursive: true, force: true });
    } catch (thrown) {
      log.warn(`it cannot be removed: ${messageOf(thrown)}`);
    }
  }
}

/** What is kept with a sign, as long as that lies there. */
export class KeptOutput {
  readonly #sessions: string;
  readonly #ids: readonly string[];

  /** Looks for it once: no more is added while a daemon runs. `known`: ids of the store. */
  constructor(sessions: string, { known }: { known: readonly string[] }) {
    const ids = new Set(known);
    this.#sessions = sessions;
    this.#ids = readdirSync(sessions).filter((id) => !ids.has(id) && hasSign(sessions, id));
  }

  /** What a person should know of it; null when there is none. */
  get problem(): string | null {
    const ids = this.#ids.filter((id) => hasSign(this.#sessions, id));
    const [first] = ids;
    if (first === undefined) return null;
    if (ids.length === 1) {
      return (
        `There is output of a session that is not known any more: ${join(this.#sessions, first)}. ` +
        "It is kept until you remove that folder; copy what you want of it before."
      );
    }
    const rest = ids.length - MOST_NAMED;
    const named = ids.slice(0, MOST_NAMED).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
    return (
      `There is output of ${ids.length} sessions that are not known any more in ${this.#sessions} ` +
      `(${named}). It is kept until you remove those folders, each of which holds a file named ` +
      `${SIGN}; copy what you want of it before.`
    );
  }
}

function hasSign(sessions: string, id: string): boolean {
  return existsSync(signOf(sessions, id));
}

function signOf(sessions: string, id: string): string {
  return join(sessions, id, SIGN);
}
