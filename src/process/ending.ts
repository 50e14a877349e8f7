// How far the ending of a session's processes has come: since when they are asked, and who was. It
// lies in a file beside the session's output, so that a daemon that goes on with it asks nobody a
// second time, which many programs take as "at once", and grants no second grace.

import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { uptimeMs } from "./uptime.ts";

interface Note {
  readonly since: number;
  readonly asked: readonly string[];
}

export class Ending {
  readonly #path: string | undefined;
  /** By `uptimeMs`. */
  readonly #since: number;
  readonly #asked: Set<string>;

  /** One that begins now; without a folder nobody can go on with it. */
  static begin(folder?: string): Ending {
    return new Ending(folder, { since: uptimeMs(), asked: [] });
  }

  /** The one that another daemon has begun, or one that begins now. */
  static goOn(folder: string): Ending {
    const note = readNote(noteIn(folder));
    return note === undefined ? Ending.begin(folder) : new Ending(folder, note);
  }

  private constructor(folder: string | undefined, note: Note) {
    this.#path = folder && noteIn(folder);
    this.#since = note.since;
    this.#asked = new Set(note.asked);
  }

  /** How long it has been going on, in ms. */
  get elapsedMs(): number {
    return Math.max(0, uptimeMs() - this.#since);
  }

  /** Whether the process with this key was asked to end. */
  wasAsked(key: string): boolean {
    return this.#asked.has(key);
  }

  /** Those were asked too. */
  asked(keys: readonly string[]): void {
    if (keys.length === 0) return;
    for (const key of keys) this.#asked.add(key);
    if (this.#path === undefined) return;
    const lines = [this.#since, ...this.#asked];
    try {
      writeFileSync(this.#path, lines.join("\n"), { mode: 0o600 });
    } catch {
      // On a full disk, the next daemon begins anew.
    }
  }

  /** It is done. To be called before that is told: another ending must not be taken for this one. */
  over(): void {
    if (this.#path === undefined) return;
    try {
      rmSync(this.#path, { force: true });
    } catch {
      // Where nothing can be removed, nothing could be written either.
    }
  }
}

function noteIn(folder: string): string {
  return join(folder, "ending");
}

function readNote(path: string): Note | undefined {
  try {
    const [since = "", ...asked] = readFileSync(path, "latin1").split("\n");
    return /^\d+(\.\d+)?$/.test(since) ? { since: Number(since), asked } : undefined;
  } catch {
    return undefined; // nobody was asked yet
  }
}
