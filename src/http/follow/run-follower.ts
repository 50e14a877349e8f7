// What becomes of the runs of one session, for those who show it: that one begins or has ended, and
// that after its end there will be no other.

import type { HistoryEvent } from "../../domain/history.ts";
import type { History, Pulled, ReadableLog } from "../ports.ts";

/** What is asked of the session. */
export interface FollowedSession {
  readonly id: string;
  readonly log: Pick<ReadableLog, "follow">;
  /** At rest, and nothing starts it again by itself. */
  isOver(): boolean;
}

export interface RunListener {
  /** A run has begun, or has ended. */
  runsChanged(): void;
  /** After the end of a run that another could have followed. */
  over(): void;
}

export interface RunFollowerOptions {
  readonly session: FollowedSession;
  readonly history: Pick<History, "runs" | "newest" | "follow">;
  readonly listener: RunListener;
}

export class RunFollower {
  readonly #options: RunFollowerOptions;
  readonly #events: Pulled<readonly HistoryEvent[]>;
  /** Ends when a session at rest will stay so. */
  #rest: Pulled<unknown> | undefined;

  /** Tells what happens from now on. */
  constructor(options: RunFollowerOptions) {
    this.#options = options;
    const { history, session } = options;
    this.#events = history.follow(history.newest(1).nextSeq);
    void this.#watch();
    if (history.runs(session.id).at(-1)?.end != null) this.#awaitRest();
  }

  close(): void {
    this.#events.close();
    this.#rest?.close();
  }

  async #watch(): Promise<void> {
    const { session } = this.#options;
    for (;;) {
      const batch = await this.#events.next();
      if (batch === undefined) return;
      for (const event of batch) if (event.sessionId === session.id) this.#take(event);
    }
  }

  #take(event: HistoryEvent): void {
    if (event.type !== "starting" && event.type !== "exited" && event.type !== "failed") return;
    this.#options.listener.runsChanged();
    if (event.type === "starting") this.#rest?.close();
    else this.#awaitRest();
  }

  /** A file change or its policy may start it again, until it is stopped: then its log is over. */
  #awaitRest(): void {
    const { session, listener } = this.#options;
    if (session.isOver()) return;
    const rest = session.log.follow({ stream: "stdout", limit: 0, from: "newest" });
    this.#rest?.close();
    this.#rest = rest;
    void rest.next().then((batch) => {
      rest.close();
      if (batch === undefined && this.#rest === rest && session.isOver()) listener.over();
    });
  }
}
