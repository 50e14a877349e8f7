// What becomes of a session in the foreground that may be started again: that it ended and what it
// waits for, and what started it again.

import type { EventReply } from "../../api/history-replies.ts";
import type { RunEndCause, SessionReply } from "../../api/replies.ts";
import type { Client } from "../../client/client.ts";
import { followEvents } from "../../client/follow.ts";
import { formatDuration } from "../../domain/duration.ts";
import { endInShort, startInShort } from "../show/causes.ts";
import { note } from "../show/note.ts";

/** How long an end is kept to ourselves, in ms, so that the last of the output is shown before. */
const LAST_WORDS_MS = 100;

/** Events in which a session that was just made is looked for. */
const RECENT = 1_000;

/** Whose runs are told, and from when on. */
interface Told {
  readonly id: string;
  readonly watched: boolean;
  /** It was there before us: what became of it until now is no news. */
  readonly existing: boolean;
}

/** Tells each end and each restart on stderr, until it is ended. */
export function tellRuns(client: Client, { id, watched, existing }: Told): { end(): void } {
  const ending = new AbortController();
  const teller = new RunTeller(watched);
  const { signal } = ending;
  // A daemon that went away for good is told by whoever reads the output.
  void tell(client, { id, existing, signal, teller }).catch(() => {});
  return {
    end() {
      ending.abort();
      teller.close();
    },
  };
}

/** Says why a session that is over was not started once more, if its policy would have. */
export function tellGivenUp({
  gave_up_reason: reason,
}: Pick<SessionReply, "gave_up_reason">): void {
  if (reason !== null) note.info(gaveUp(reason));
}

/** Says that korun has ended the run, and for which limit. */
export function tellLimit(end: RunEndCause): void {
  note.info(`ended ${endInShort(end)}`);
}

/** Says what is not known of an end for which nobody was there. */
export function tellHalfSeen({ exit_code, term_signal }: SessionReply): void {
  const isSeen = exit_code !== null || term_signal !== null;
  const end = isSeen ? "" : "nobody saw how it ended, and ";
  note.warn(`${end}its last output may be missing: daemon and keeper were gone`);
}

interface Telling {
  readonly signal: AbortSignal;
  readonly teller: RunTeller;
}

async function tell(
  client: Client,
  { id, existing, signal, teller }: Omit<Told, "watched"> & Telling,
): Promise<void> {
  const limit = existing ? 0 : RECENT;
  const { events: recent, next_seq: sinceSeq } = (await client.events({ limit })).body;
  const see = (events: readonly EventReply[]) => {
    for (const event of events) if (event.session_id === id) teller.see(event);
  };
  see(recent);
  for await (const events of followEvents(client, { sinceSeq, signal })) see(events);
}

class RunTeller {
  readonly #watched: boolean;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** An end that is kept to ourselves. */
  #pending: EventReply | undefined;
  /** What its policy makes of the end. */
  #policy: string | undefined;

  constructor(watched: boolean) {
    this.#watched = watched;
  }

  see(event: EventReply): void {
    switch (event.type) {
      case "starting":
        this.#tellNow();
        return;
      case "restarted":
        note.info(restarted(event));
        return;
      case "exited":
      case "failed":
        this.#policy = undefined;
        this.#pending = event;
        this.#timer = setTimeout(() => this.#tellEnd(event), LAST_WORDS_MS);
        return;
      case "restart_scheduled":
        this.#policy = `starting again in ${formatDuration(event.delay_ms ?? 0)}`;
        return;
      case "gave_up":
        this.#policy = gaveUp(event.reason ?? "");
        return;
      default:
    }
  }

  /** What comes after an end is there already: of one that a policy follows, it is time to tell. */
  #tellNow(): void {
    const end = this.#pending;
    this.close();
    if (end !== undefined && this.#policy !== undefined) this.#tellEnd(end);
  }

  /** An end for good is not told here: our own comes with it. */
  #tellEnd(event: EventReply): void {
    this.#pending = undefined;
    const parts = [ended(event)];
    if (this.#policy !== undefined) parts.push(this.#policy);
    if (this.#watched) parts.push("waiting for a file change");
    if (parts.length > 1) note.info(parts.join("; "));
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#pending = undefined;
  }
}

function gaveUp(reason: string): string {
  return `its restart policy gave up: ${reason}`;
}

function restarted({ cause }: EventReply): string {
  if (cause?.kind === "policy") return "restarted by its policy";
  return cause?.kind === "watch" || cause?.kind === "health"
    ? `restarted: ${startInShort(cause)}`
    : "restarted";
}

function ended({ error, exit_code, term_signal, end }: EventReply): string {
  if (error !== undefined) return `could not start: ${error}`;
  if (end?.kind === "limit") return `ended ${endInShort(end)}`;
  if (term_signal !== null && term_signal !== undefined) return `ended by ${term_signal}`;
  return exit_code === null ? "ended" : `ended with code ${exit_code}`;
}
