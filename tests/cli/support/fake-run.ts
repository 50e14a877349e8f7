// A session in the foreground as a daemon would show it: its output, its end, and what stops it.

import type { SessionReply } from "../../../src/api/replies.ts";
import { type Answers, always, eventsFrom, Feed, session } from "./fake-daemon.ts";

const { id } = session();

/** A session that runs until it is ended, as the daemon would show it. */
export class FakeRun {
  readonly stdout = new Feed();
  readonly stderr = new Feed();
  readonly blended = new Feed();
  readonly events = new Feed();
  facts: SessionReply = session();
  /** Called with the query of each stop. */
  onStop = (_query: string): void => this.end({ term_signal: "SIGTERM" });

  readonly answers: Answers = {
    "POST /v1/sessions": always({ id, state: "running" }, 201),
    [`GET /v1/sessions/${id}`]: () => Response.json(this.facts),
    [`POST /v1/sessions/${id}/stop`]: ({ path }) => {
      this.onStop(new URL(path, "http://x").search);
      return Response.json({ ok: true, id, state: "stopping" });
    },
    "GET /v1/events": eventsFrom(this.events),
    [`GET /v1/sessions/${id}/logs`]: (asked, request) => {
      const stream = new URL(asked.path, "http://x").searchParams.get("stream");
      const feed =
        stream === "stdout" ? this.stdout : stream === "stderr" ? this.stderr : this.blended;
      return feed.answer(asked, request);
    },
  };

  /** The session comes to rest, and nothing revives it. */
  end(how: Partial<SessionReply>): void {
    this.facts = session({ state: "exited", pid: null, uptime_ms: null, ...how });
    for (const feed of [this.stdout, this.stderr, this.blended]) feed.end();
  }
}
