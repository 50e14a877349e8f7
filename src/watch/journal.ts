// What a session knows of its files, kept on disk while it reacts to them, so that the next daemon
// finds what changed while none was there. Notes are appended once a turn of the event loop, with
// a plain write: a daemon that is killed leaves all but its last turn. All of it at once is written
// aside and renamed, in pieces, when it is begun and when most of the file has become stale.

import {
  appendFileSync,
  closeSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  write,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { systemCode } from "../domain/problem.ts";
import type { Fingerprint } from "./fingerprint.ts";
import { formatNote, HEADER, type Prints, readNotes } from "./journal-text.ts";

/** Notes beyond twice the files there are, before all of it is written anew. */
const STALE_LINES = 1_024;

/** Notes formatted in one turn of the event loop. */
const CHUNK_LINES = 1_000;

/** How long a disk that refused is left alone, in ms. */
const RETRY_MS = 10_000;

const MODE = 0o600;

/** What a watcher writes down, and finds. */
export interface WatchJournal {
  /** What was known when the earlier daemon ended; only `note` changes it. Undefined: nothing is. */
  readonly known: Prints | undefined;
  /** What is known of a file now; undefined: it is not there, or not watched. */
  note(path: string, print: Fingerprint | undefined): void;
  /** From now on all that is noted is on disk; at once what was noted before. */
  begin(): void;
  /** Nothing is on disk until it is begun again: what changes from now on never counts. */
  suspend(): void;
  /** Writes down what was noted, and nothing from now on. */
  close(): void;
}

export interface JournalOptions {
  /** Goes on with what is there; else that is removed. */
  readonly recall: boolean;
  /** Takes what the disk refused, once. */
  report(thrown: unknown): void;
}

export class Journal implements WatchJournal {
  readonly known: Prints | undefined;
  readonly #path: string;
  readonly #report: (thrown: unknown) => void;
  readonly #prints: Map<string, Fingerprint>;
  /** Noted since the last append. */
  #unwritten = new Set<string>();
  /** Undefined: the file is not there, or cannot be appended to. */
  #lines: number | undefined;
  #state: "suspended" | "begun" | "closed" = "suspended";
  #scheduled = false;
  /** The writing of all of it that is under way. */
  #rewriting: symbol | undefined;
  #retryAt = 0;
  #isReported = false;

  /** The journal in a session's folder, which need not be there before it is begun. */
  constructor(directory: string, options: JournalOptions) {
    this.#path = join(directory, "watch.log");
    this.#report = options.report;
    const reading = options.recall ? this.#read() : undefined;
    this.#prints = reading?.prints ?? new Map();
    this.known = reading?.prints;
    if (reading === undefined) this.#remove();
    else if (!reading.isTorn) this.#lines = reading.lines;
  }

  note(path: string, print: Fingerprint | undefined): void {
    if (this.#state === "closed") return;
    if (print !== undefined) this.#prints.set(path, print);
    else if (!this.#prints.delete(path)) return;
    this.#unwritten.add(path);
    this.#schedule();
  }

  begin(): void {
    if (this.#state !== "suspended") return;
    this.#state = "begun";
    this.#schedule();
  }

  suspend(): void {
    if (this.#state !== "begun") return;
    this.#state = "suspended";
    this.#remove();
  }

  close(): void {
    if (this.#state === "begun") this.#finish();
    this.#state = "closed";
    this.#rewriting = undefined;
    this.#prints.clear();
    this.#unwritten.clear();
  }

  #schedule(): void {
    if (this.#scheduled || this.#state !== "begun") return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (this.#state === "begun" && this.#rewriting === undefined) this.#flush();
    });
  }

  #flush(): void {
    const wanted = 2 * this.#prints.size + STALE_LINES;
    if (this.#lines !== undefined && this.#lines + this.#unwritten.size <= wanted) this.#append();
    else if (performance.now() >= this.#retryAt) void this.#rewrite();
  }

  #append(): void {
    const notes = this.#take();
    if (notes.length === 0) return;
    try {
      appendFileSync(this.#path, notes.map((path) => this.#format(path)).join(""), { mode: MODE });
      this.#lines = (this.#lines ?? 0) + notes.length;
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  async #rewrite(): Promise<void> {
    const turn = Symbol("rewriting");
    this.#rewriting = turn;
    const draft = `${this.#path}.new`;
    try {
      const paths = this.#takeAll();
      // Made before anything is awaited: no name may appear in a folder that is being removed.
      const fd = openSync(draft, "w", MODE);
      try {
        for (const text of this.#pieces(paths)) {
          await writeAll(fd, text);
          if (this.#rewriting !== turn) return;
        }
      } finally {
        closeSync(fd);
      }
      renameSync(draft, this.#path);
      this.#lines = paths.length;
    } catch (thrown) {
      if (this.#rewriting === turn) this.#fail(thrown);
    }
    if (this.#rewriting !== turn) return;
    this.#rewriting = undefined;
    if (this.#unwritten.size > 0) this.#schedule();
  }

  /** What is still to be written, at once. */
  #finish(): void {
    if (this.#rewriting === undefined && this.#lines !== undefined) {
      this.#append();
      return;
    }
    try {
      const draft = `${this.#path}.new`;
      // Another file than the one that may still be written to.
      rmSync(draft, { force: true });
      writeFileSync(draft, [...this.#pieces(this.#takeAll())].join(""), { mode: MODE });
      renameSync(draft, this.#path);
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  #take(): readonly string[] {
    const paths = [...this.#unwritten];
    this.#unwritten = new Set();
    return paths;
  }

  #takeAll(): readonly string[] {
    this.#take();
    return [...this.#prints.keys()];
  }

  *#pieces(paths: readonly string[]): Iterable<string> {
    yield HEADER;
    for (let start = 0; start < paths.length; start += CHUNK_LINES) {
      const chunk = paths.slice(start, start + CHUNK_LINES);
      yield chunk.map((path) => this.#format(path)).join("");
    }
  }

  #format(path: string): string {
    return formatNote(path, this.#prints.get(path));
  }

  /** What is on disk does not go with what is known any more, and would tell what never was. */
  #fail(thrown: unknown): void {
    this.#remove();
    this.#retryAt = performance.now() + RETRY_MS;
    if (this.#isReported) return;
    this.#isReported = true;
    this.#report(thrown);
  }

  #remove(): void {
    this.#rewriting = undefined;
    this.#lines = undefined;
    for (const path of [this.#path, `${this.#path}.new`]) {
      try {
        rmSync(path, { force: true });
      } catch {
        // A disk that takes nothing cannot be kept from anything either.
      }
    }
  }

  #read(): ReturnType<typeof readNotes> {
    try {
      return readNotes(readFileSync(this.#path, "utf8"));
    } catch (thrown) {
      if (systemCode(thrown) !== "ENOENT") this.#report(thrown);
      return undefined;
    }
  }
}

async function writeAll(fd: number, text: string): Promise<void> {
  const bytes = Buffer.from(text);
  for (let start = 0; start < bytes.length; ) {
    start += await writeFrom(fd, bytes, start);
  }
}

/** How many bytes were written of those from `start` on. */
function writeFrom(fd: number, bytes: Uint8Array, start: number): Promise<number> {
  return new Promise((resolve, reject) => {
    write(fd, bytes, start, (thrown, written) => (thrown ? reject(thrown) : resolve(written)));
  });
}
