// What `serve` and `run` say when the session that was asked for lives already.

import type { CreatedReply } from "../../api/replies.ts";
import { shortId } from "../pick.ts";
import { note } from "../show/note.ts";

/** Tells it on stderr. */
export function tellExisting({ id, state }: CreatedReply, name: string | undefined): void {
  const label = name ?? shortId(id);
  const now = state === "exited" || state === "failed" ? `waits to start again` : `is ${state}`;
  note.info(`${label} ${now} already, just as asked for: nothing was started`);
}

/** Tells that its output follows. */
export function tellFollowing(): void {
  note.info("following it; Ctrl-C leaves it as it is");
}
