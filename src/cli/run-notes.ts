// What becomes of a watched session in the foreground: that it ended and waits for a change, and
// what started it again.

import type { SessionReply } from "../api/replies.ts";
import type { Client } from "../client/client.ts";
import { note } from "./note.ts";
import { isActive } from "./pick.ts";

/** How often to look, in ms. */
const LOOK_MS = 250;

/** Tells each end and each restart on stderr, until it is ended. */
export function tellRuns(client: Client, id: string): { end(): void } {
  const teller = new RunTeller();
  const timer = setInterval(async () => {
    // A daemon that went away is told by whoever reads the output.
    const session = await client.inspect(id).catch(() => undefined);
    if (session !== undefined) teller.see(session.body);
  }, LOOK_MS);
  return { end: () => clearInterval(timer) };
}

class RunTeller {
  #run = 1;
  #ended: number | undefined;
  #told: number | undefined;

  see(session: SessionReply): void {
    const { run } = session;
    if (run !== this.#run) {
      this.#run = run;
      note.info(restarted(session));
    }
    if (isActive(session) || this.#told === run) return;
    // Told one look later, so that the last of its output is shown before.
    if (this.#ended === run) {
      this.#told = run;
      note.info(`${ended(session)}; waiting for a file change`);
    }
    this.#ended = run;
  }
}

function restarted({ last_restart_cause: cause }: SessionReply): string {
  return cause?.kind === "watch" ? `restarted: ${cause.path} was ${cause.event}` : "restarted";
}

function ended({ error, exit_code, term_signal }: SessionReply): string {
  if (error !== null) return `could not start: ${error}`;
  if (term_signal !== null) return `ended by ${term_signal}`;
  return `ended with code ${exit_code}`;
}
