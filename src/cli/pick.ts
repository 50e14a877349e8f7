// Which session a command means: the ones that were named, all that there are, or the one that is
// active when nothing was said.

import type { SessionSummary } from "../api/replies.ts";
import type { Client } from "../client/client.ts";
import { Problem } from "../domain/problem.ts";
import type { Words } from "./line/signature.ts";

/** One session, or none when a single one is active. */
export const ONE_SESSION: Words = {
  name: "ID",
  about: "UUID, unique prefix (4 or more), or name; may be left out when only one is active",
  least: 0,
  most: 1,
  offer: "sessions",
};

/** Any number of sessions. */
export const SOME_SESSIONS: Words = { ...ONE_SESSION, name: "ID…", most: Number.POSITIVE_INFINITY };

/**
 * The session that is named, else the only active one. Throws a Problem when that says nothing,
 * with `instead` as one more remedy.
 */
export async function pickSession(
  client: Client,
  words: readonly string[],
  instead?: string,
): Promise<string> {
  const [reference] = words;
  if (reference !== undefined) return expectReference(reference);
  const { body } = await client.list();
  return onlyActive(body.sessions, instead).id;
}

/** A reference that can stand in a path; an empty one is an unset variable in a script. */
export function expectReference(reference: string): string {
  if (reference !== "") return reference;
  throw new Problem("bad_request", "the session's id is empty", {
    hint: "Is a variable unset? `korun ls` lists the sessions.",
  });
}

/** Whether a session has a process, or is about to have one. */
export function isActive({
  state,
  next_restart_at,
}: Pick<SessionSummary, "state" | "next_restart_at">): boolean {
  const lives = state === "starting" || state === "running" || state === "stopping";
  return lives || next_restart_at !== null;
}

/** What to call a session: its name, else the start of its id. */
export function labelOf({ id, name }: Pick<SessionSummary, "id" | "name">): string {
  return name ?? shortId(id);
}

/**
 * What to call each of several sessions. Those of one name are told apart by the start of their ids,
 * but for an active one: the name means that one everywhere.
 */
export function labelsOf(sessions: readonly SessionSummary[]): ReadonlyMap<string, string> {
  return new Map(
    sessions.map((session) => {
      const namesakes = sessions.filter(({ name }) => name === session.name);
      const meant = namesakes.length === 1 ? namesakes : namesakes.filter(isActive);
      const isMeant = meant.length === 1 && meant[0] === session;
      return [session.id, isMeant ? labelOf(session) : distinctLabel(session)];
    }),
  );
}

/** What to call a session beside others of its name. */
export function distinctLabel({ id, name }: Pick<SessionSummary, "id" | "name">): string {
  return name === null ? shortId(id) : `${name} (${shortId(id)})`;
}

/** The start of an id, as tables show it. */
export function shortId(id: string): string {
  return id.slice(0, 8);
}

function onlyActive(sessions: readonly SessionSummary[], instead = ""): SessionSummary {
  const active = sessions.filter(isActive);
  const [first] = active;
  if (first === undefined) {
    throw new Problem("not_found", "no active session", {
      hint: sessions.length === 0 ? NONE_AT_ALL : "Say which one: `korun ls` lists those at rest.",
    });
  }
  if (active.length === 1) return first;
  const names = active.map(distinctLabel);
  throw new Problem("conflict", `${active.length} sessions are active`, {
    hint: `Say which one: ${names.join(", ")}.${instead}`,
  });
}

const NONE_AT_ALL = "Start one: korun serve -- COMMAND";
