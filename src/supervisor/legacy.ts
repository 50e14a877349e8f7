// What has become of a session while no daemon was there: whether its leader lives, how it ended if
// it does not, and whether there is a child that was made and never recorded.

import type { SavedSession } from "../domain/history.ts";
import { reactsToFiles } from "../domain/lifecycle.ts";
import { resume } from "../domain/resume.ts";
import type { StartCause } from "../domain/session.ts";
import type { Leader, Machinery, PastExit } from "./machinery.ts";
import { SessionRecord } from "./record.ts";
import type { Legacy } from "./session-parts.ts";

/** Looks at the machine for the processes of a saved session. Signals nothing. */
export async function findLegacy(saved: SavedSession, machinery: Machinery): Promise<Legacy> {
  const sameBoot = saved.bootId === machinery.bootId;
  const leader = sameBoot ? await findLeader(saved, machinery) : undefined;
  const gone = sameBoot && leader === undefined && saved.state.phase !== "resting";
  const run = { sessionId: saved.id, run: saved.state.run };
  const past =
    gone && saved.leader !== null
      ? await machinery.pastOf({ ...run, leader: saved.leader })
      : undefined;
  const exit = past?.exit;
  const survived = gone ? await survivedLeader(saved, machinery) : undefined;
  return {
    saved,
    leader,
    survived,
    upForMs: upForMs(saved, { sameBoot, leader }, machinery),
    endedAt: survived === undefined ? endedAt(saved, exit) : undefined,
    cut: survived === undefined && past?.guarded === false,
    findings: {
      sameBoot,
      leader: leader?.pid,
      exit: exit && { code: exit.code, signal: exit.signal },
      cause: causeOf(saved),
      now: Date.now(),
    },
  };
}

/** A run goes on as long as its process group does, whoever led it. */
async function survivedLeader(
  { id, leader }: SavedSession,
  machinery: Machinery,
): Promise<Leader | undefined> {
  if (leader === null) return undefined;
  const lives = await machinery.groupLives({ sessionId: id, leader });
  return lives ? leader : undefined;
}

/** How long ago the run began whose end has not been written down, even if it has ended since. */
function upForMs(
  { state, leader: recorded }: SavedSession,
  { sameBoot, leader }: { sameBoot: boolean; leader: Leader | undefined },
  machinery: Machinery,
): number | undefined {
  const isUp = state.phase === "running" || state.phase === "lingering" || state.phase === "ending";
  const led = leader ?? (isUp && sameBoot ? recorded : undefined);
  return led ? machinery.ageMs(led) : undefined;
}

/**
 * When a run ended of which the daemon before us saw nothing end. The clock may have jumped since:
 * never before its start, never in the future.
 */
function endedAt({ state, books }: SavedSession, exit: PastExit | undefined): number | undefined {
  const wasUp =
    state.phase === "running" || (state.phase === "ending" && state.leader.kind === "alive");
  if (!wasUp || exit?.at === undefined) return undefined;
  return Math.min(Math.max(exit.at, books.lastStartedAt ?? exit.at), Date.now());
}

/** The books of a session, with the run under way still running. */
export function reopenBooks({ saved, upForMs, endedAt }: Legacy): SessionRecord {
  const steady = performance.now();
  if (upForMs === undefined) return SessionRecord.reopen(saved.books);
  const upSince = steady - upForMs;
  if (endedAt === undefined) return SessionRecord.reopen(saved.books, { upSince });
  const ended = { wall: endedAt, steady: Math.max(upSince, steady - (Date.now() - endedAt)) };
  return SessionRecord.reopen(saved.books, { upSince, ended });
}

/** Whether a session goes on reacting to file changes, and so to those of the time between. */
export function reactsAgain({ saved, findings }: Legacy): boolean {
  return reactsToFiles(resume(saved.state, findings, { watched: true }).state);
}

async function findLeader(
  { id, state, leader }: SavedSession,
  machinery: Machinery,
): Promise<Leader | undefined> {
  if (state.phase === "starting") return machinery.findLeader({ sessionId: id, run: state.run });
  if (leader === null || !machinery.isAlive(leader)) return undefined;
  return leader;
}

/** The books count a restart when its run begins, so the last one counted is this run's cause. */
function causeOf({ state, books }: SavedSession): StartCause {
  if (state.run === 1) return { kind: "create" };
  return books.lastRestartCause ?? { kind: "manual" };
}
