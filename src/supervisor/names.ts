// A name belongs to one living session, of however many have it.

import { NameTaken } from "../domain/name-taken.ts";
import type { Session } from "./session.ts";

/** Who wants a name: a session that is there, or, without one, one that is to be made. */
export interface NameWish {
  readonly name: string | undefined;
  readonly taker?: Session;
}

/** Throws NameTaken when another session has the name. */
export function requireFreeName(sessions: readonly Session[], wish: NameWish): void {
  const living = namesakes(sessions, wish).find((other) => other.holdsName());
  if (living === undefined) return;
  const { id, spec, state } = living;
  const [isWaiting, isLeaving] = [!living.isLive(), living.isLeaving()];
  throw new NameTaken({ id, spec, state, isWaiting, isLeaving });
}

/** The same; and those at rest that have it must not come back. */
export function takeName(sessions: readonly Session[], wish: NameWish): void {
  requireFreeName(sessions, wish);
  for (const other of namesakes(sessions, wish)) other.giveWay();
}

function namesakes(sessions: readonly Session[], { name, taker }: NameWish): readonly Session[] {
  if (name === undefined) return [];
  return sessions.filter((other) => other.name === name && other !== taker);
}
