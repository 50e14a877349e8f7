// Sessions that live and that the store does not know: it could not be written when they were made,
// or was lost. Nobody would read what they print, and they would stand still on their full pipes. So
// they are taken up as sessions again, with what their processes tell and their folder holds; what
// was asked for beside that (policies, checks, files to watch, limits) is not known any more.

import { existsSync, readlinkSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import * as v from "valibot";
import { sessionName } from "../api/values.ts";
import { inputPaths, outputPaths } from "../capture/pipes.ts";
import type { Run, SavedSession } from "../domain/history.ts";
import {
  DEFAULT_DEBOUNCE_MS,
  DEFAULT_GRACE_MS,
  NOTHING_MORE,
  type SessionSpec,
} from "../domain/session.ts";
import { ageMs, type LivingSession } from "../process/adopt.ts";
import { bootId, isAlive } from "../process/identity.ts";
import { type LeaderNote, lastNote } from "../process/leader-note.ts";
import { particularsOf } from "../process/particulars.ts";
import type { ProcessIdentity } from "../process/process-info.ts";
import { booksOfMissed, missedRun } from "./missed-run.ts";

/** Until its terminal itself is asked. */
const USUAL_SIZE = { cols: 80, rows: 24 };

/** Sessions that are named in a problem. */
const MOST_NAMED = 5;

export interface Rediscovered {
  readonly session: SavedSession;
  readonly run: Run;
}

/** A session again, of which `living` lives. `folder` is its own. Writes nothing, signals nothing. */
export function rediscover(
  living: LivingSession,
  { folder, names }: { folder: string; names: ReadonlySet<string> },
): Rediscovered {
  const [oldest] = living.processes;
  const { run, leader } = leadOf(living, lastNote(folder));
  const startedAt = Date.now() - ageMs(leader ?? oldest);
  const missed = { number: run, leader, startedAt };
  const session: SavedSession = {
    id: living.sessionId,
    spec: specOf(living, { folder, leader, names }),
    state: { phase: "running", run, pid: (leader ?? oldest).pid },
    books: {
      ...{ createdAt: startedAt, firstStartedAt: startedAt, lastEndedAt: null, lastRunMs: null },
      ...{ manualRestarts: 0, watchRestarts: 0, policyRestarts: 0, healthRestarts: 0, attempts: 0 },
      ...{ fileChanges: 0, lastChangeAt: null, lastChangePath: null },
      ...booksOfMissed(missed),
    },
    leader,
    bootId: bootId(),
    updatedAt: Date.now(),
  };
  return { session, run: missedRun(missed) };
}

/**
 * Whether what lives of a session writes to another home, of which this one is a copy: then it is
 * another daemon's. A terminal does not tell.
 */
export function isOfAnotherHome(
  { sessionId, processes }: LivingSession,
  { folder }: { folder: string },
): boolean {
  return outputPaths(folder).some((path) => {
    const own = inodeOf(path);
    const name = join("/", sessionId, basename(path));
    return processes.some(({ pid }) =>
      [1, 2].some((descriptor) => {
        const open = `/proc/${pid}/fd/${descriptor}`;
        return targetOf(open)?.endsWith(name) && inodeOf(open) !== own;
      }),
    );
  });
}

/** What became of them, for a person. */
export function describeRediscovered(sessions: readonly SavedSession[]): string {
  const labels = sessions.map(({ id, spec }) => (spec.name ? `${spec.name} (${id})` : id));
  const more = labels.length > MOST_NAMED ? ` and ${labels.length - MOST_NAMED} more` : "";
  const named = labels.slice(0, MOST_NAMED).join(", ") + more;
  const [whose, which, they, them] =
    sessions.length === 1
      ? [`Session ${named} was`, "", "It runs on and is", "it"]
      : [`${sessions.length} sessions were`, `: ${named}`, "They run on and are", "each"];
  return (
    `${whose} not known to the store, which could not be written or was lost${which}. ${they} ` +
    "looked after again, by what the processes tell: command, folder, environment and name. What " +
    "else was asked for is lost: restart policy, watched files, checks, limits and grace. To have " +
    `that again, stop ${them} and start it anew.`
  );
}

/**
 * The run and its leader. The note knows of one that has ended while others of its group live on;
 * it may be older than the newest run, or of another boot: then its pid is somebody else's by now.
 */
function leadOf(
  { run, leader, processes }: LivingSession,
  note: LeaderNote | undefined,
): { run: number; leader: ProcessIdentity | null } {
  const known = leader && { pid: leader.pid, startTime: leader.startTime };
  const found = { run: Math.max(run, 1), leader: known ?? null };
  if (note === undefined || note.run < run) return found;
  const isOurs = processes.some(({ pid }) => pid === note.leader.pid);
  return isOurs || !isAlive(note.leader) ? note : found;
}

function specOf(
  { sessionId, processes }: LivingSession,
  at: { folder: string; leader: ProcessIdentity | null; names: ReadonlySet<string> },
): SessionSpec {
  const [oldest] = processes;
  const witness = processes.find(({ pid }) => pid === at.leader?.pid) ?? oldest;
  const told = particularsOf(witness);
  const env = told?.env.KORUN_SESSION_ID === sessionId ? told.env : undefined;
  return {
    ...NOTHING_MORE,
    command: told?.command ?? [witness.name],
    cwd: told?.cwd ?? "/",
    name: nameIn(env, at.names),
    ...{ watch: [], ignore: [], env: {}, graceMs: DEFAULT_GRACE_MS },
    debounceMs: DEFAULT_DEBOUNCE_MS,
    inherited: env && { env, umask: undefined, openFiles: undefined },
    stdin: inputPaths(at.folder).length > 0 ? "pipe" : "none",
    // Whatever has no pipes runs in a terminal.
    pty: outputPaths(at.folder).some((path) => existsSync(path)) ? undefined : USUAL_SIZE,
  };
}

/** Its name, unless that is another session's by now. */
function nameIn(
  env: Readonly<Record<string, string>> | undefined,
  names: ReadonlySet<string>,
): string | undefined {
  const name = env?.KORUN_NAME;
  return v.is(sessionName, name) && !names.has(name) ? name : undefined;
}

function targetOf(link: string): string | undefined {
  try {
    return readlinkSync(link);
  } catch {
    return undefined; // closed, or the process has ended
  }
}

function inodeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino;
}
