// What a session is made of, and what it answers.

import type { SavedSession } from "../domain/history.ts";
import type { Findings } from "../domain/resume.ts";
import type { SessionSnapshot, SessionSpec, SessionState } from "../domain/session.ts";
import type { Archive } from "./archive.ts";
import type { MakeAttendant } from "./attendants/attendant.ts";
import type { FileWatch, Leader, Machinery, Output } from "./machinery.ts";

/** What a command made of a session. */
export interface Outcome {
  /** What to answer at once. */
  readonly state: SessionState;
  /** Resolves when what was asked for, or what replaced it, is reached. Never rejects. */
  readonly done: Promise<SessionSnapshot>;
}

export interface SessionParts {
  readonly id: string;
  readonly spec: SessionSpec;
  readonly machinery: Machinery;
  readonly output: Output;
  /** Undefined when there is nothing to watch. */
  readonly watch: FileWatch | undefined;
  readonly archive: Archive;
  /** Whoever is to look after its runs. */
  readonly attendants: readonly MakeAttendant[];
  /** What an earlier daemon left of it; undefined for a new one. */
  readonly legacy: Legacy | undefined;
  /** Called before a manual restart; throws a Problem when it may not be. */
  beforeRestart(): void;
  /** The session came to rest. */
  onRest(): void;
  /** Takes what went wrong beside the session's own life. */
  report(what: string, cause: unknown): void;
}

/** A session as an earlier daemon left it, and what has become of it since. */
export interface Legacy {
  readonly saved: SavedSession;
  readonly findings: Findings;
  /** The leader that lives. */
  readonly leader: Leader | undefined;
  /** The leader that has ended while others of its process group live. */
  readonly survived: Leader | undefined;
  /** How long ago the run under way started, in ms; undefined without one. */
  readonly upForMs: number | undefined;
  /** When that run ended, in epoch ms, if it did and somebody noted it. */
  readonly endedAt: number | undefined;
  /** That run has ended, and nobody kept what it printed last. */
  readonly cut: boolean;
}
