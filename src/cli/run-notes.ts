// What becomes of a watched session in the foreground: that it ended and waits for a change, and
// what started it again.

import type { EventReply } from "../api/replies.ts";
import type { Client } from "../client/client.ts";
import { followEvents } from "../client/follow.ts";
import { note } from "./note.ts";

/** How long an end is kept to ourselves, in ms, so that the last of the output is shown before. */
const LAST_WORDS_MS = 100;

/** Events in which a session that was just made is looked for. */
const RECENT = 1_000;

/** Tells each end and each restart on stderr, until it is ended. */
export function tellRuns(client: Client, id: string): { end(): void } {
  const ending = new AbortController();
  const teller = new RunTeller();
  const { signal } = ending;
  // A daemon that went away for good is told by whoever reads the output.
  void tell(client, { id, signal, teller }).catch(() => {});
  return {
    end() {
      ending.abort();
      teller.close();
    },
  };
}

async function tell(
  client: Client,
  { id, signal, teller }: { id: string; signal: AbortSignal; teller: RunTeller },
): Promise<void> {
  const { events: recent, next_seq: sinceSeq } = (await client.events({ limit: RECENT })).body;
  const see = (events: readonly EventReply[]) => {
    for (const event of events) if (event.session_id === id) teller.see(event);
  };
  see(recent);
  for await (const events of followEvents(client, { sinceSeq, signal })) see(events);
}

class RunTeller {
  #timer: ReturnType<typeof setTimeout> | undefined;

  see(event: EventReply): void {
    switch (event.type) {
      case "starting":
        this.close();
        return;
      case "restarted":
        note.info(restarted(event));
        return;
      case "exited":
      case "failed":
        this.#timer = setTimeout(
          () => note.info(`${ended(event)}; waiting for a file change`),
          LAST_WORDS_MS,
        );
        return;
      default:
    }
  }

  close(): void {
    clearTimeout(this.#timer);
  }
}

function restarted({ cause }: EventReply): string {
  return cause?.kind === "watch" ? `restarted: ${cause.path} was ${cause.event}` : "restarted";
}

function ended({ error, exit_code, term_signal }: EventReply): string {
  if (error !== undefined) return `could not start: ${error}`;
  if (term_signal !== null && term_signal !== undefined) return `ended by ${term_signal}`;
  return exit_code === null ? "ended" : `ended with code ${exit_code}`;
}
