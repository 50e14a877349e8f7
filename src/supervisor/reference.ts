// Which session a person means: a UUID, a name, or the beginning of a UUID.

import { closest } from "../domain/closest.ts";
import { Problem } from "../domain/problem.ts";

/** What of a session can be named. */
export interface Named {
  /** A UUID in lower case. */
  readonly id: string;
  readonly name: string | undefined;
  /** It lives, or is about to. */
  holdsName(): boolean;
}

/** Hexadecimal digits that a prefix must have at least. */
const SHORTEST_PREFIX = 4;

/** What is longer is no typo of a name. */
const LONGEST_NAME = 64;

const LIST_HINT = "List the sessions with: korun ls";

/**
 * The session that `reference` names, of all in creation order. What is written out in full comes
 * first: a UUID, then a name (of its living session, else of its newest), then a unique prefix.
 * Throws a Problem: `not_found`, or `conflict` for a prefix of several.
 */
export function resolveReference<T extends Named>(sessions: readonly T[], reference: string): T {
  const lower = reference.toLowerCase();
  const exact = sessions.find(({ id }) => id === lower) ?? ofName(sessions, reference);
  if (exact !== undefined) return exact;

  const matches = isPrefix(lower) ? sessions.filter(({ id }) => id.startsWith(lower)) : [];
  const [match, another] = matches;
  if (match === undefined) throw unknown(sessions, reference);
  if (another === undefined) return match;
  throw new Problem("conflict", `${reference} is the beginning of ${matches.length} session ids`, {
    hint: `Give more of the one you mean: ${matches.map(({ id }) => id).join(", ")}`,
  });
}

function ofName<T extends Named>(sessions: readonly T[], name: string): T | undefined {
  const named = sessions.filter((session) => session.name === name);
  return named.find((session) => session.holdsName()) ?? named.at(-1);
}

function isPrefix(text: string): boolean {
  return /^[0-9a-f-]+$/.test(text) && text.replaceAll("-", "").length >= SHORTEST_PREFIX;
}

function unknown(sessions: readonly Named[], reference: string): Problem {
  return new Problem("not_found", `No session is called ${reference} or has an id like it`, {
    hint: remedy(sessions, reference),
  });
}

function remedy(sessions: readonly Named[], reference: string): string {
  const names = sessions.flatMap(({ name }) => name ?? []);
  const near = reference.length > LONGEST_NAME ? undefined : closest(reference, names);
  if (near !== undefined) return `Did you mean ${near}? ${LIST_HINT}`;
  if (!/^[0-9a-f]{1,3}$/i.test(reference)) return LIST_HINT;
  return `The beginning of an id needs ${SHORTEST_PREFIX} characters. ${LIST_HINT}`;
}
