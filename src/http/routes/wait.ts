// GET /v1/sessions/{id}/wait: answers once it has come to what is waited for. Nothing is asked again
// and again: whatever may bring a session there is an event.

import { SESSIONS } from "../../api/paths.ts";
import { AwaitQuery, type WaitReply } from "../../api/waiting.ts";
import { LONGEST_TIMER_MS } from "../../domain/duration.ts";
import type { SessionSnapshot } from "../../domain/session.ts";
import { outcomeOf, type WaitGoal, type WaitOutcome } from "../../domain/wait.ts";
import { leaving } from "../exchange.ts";
import type { History, SessionDirectory, SupervisedSession } from "../ports.ts";
import { readQuery } from "../query.ts";
import { json } from "../reply.ts";
import type { Routes } from "../router.ts";

/**
 * How long a run must have been ready, in ms: one that prints that it is and crashes is known to
 * have ended some moments after it is known to be ready.
 */
const SETTLED_MS = 50;

/** What comes next. */
const FROM_NOW_ON = Number.MAX_SAFE_INTEGER;

export function waitRoutes(directory: SessionDirectory, history: Pick<History, "follow">): Routes {
  return {
    [`${SESSIONS}/{id}/wait`]: {
      async GET(exchange) {
        const { for: goal, timeout } = readQuery(exchange.query, AwaitQuery);
        const session = directory.find(exchange.reference);
        const wait = new Wait(session, { goal, timeoutMs: timeout, history });
        const end = () => wait.close();
        exchange.stopping.addEventListener("abort", end);
        if (exchange.stopping.aborted) end();
        try {
          return json(await exchange.wait(wait.reply()));
        } finally {
          exchange.stopping.removeEventListener("abort", end);
          end();
        }
      },
    },
  };
}

interface WaitOptions {
  readonly goal: WaitGoal;
  readonly timeoutMs: number;
  readonly history: Pick<History, "follow">;
}

class Wait {
  readonly #session: SupervisedSession;
  readonly #goal: WaitGoal;
  readonly #since = performance.now();
  readonly #deadline: number;
  readonly #events: ReturnType<History["follow"]>;
  #next: Promise<unknown> | undefined;
  /** At rest nothing is waited for any more, and yet it tells why it came to that. */
  #waitingFor: readonly string[] = [];
  #closed = false;

  constructor(session: SupervisedSession, { goal, timeoutMs, history }: WaitOptions) {
    this.#session = session;
    this.#goal = goal;
    this.#deadline = this.#since + timeoutMs;
    this.#events = history.follow(FROM_NOW_ON);
  }

  /** Throws Problem `unavailable` when it is closed first. */
  async reply(): Promise<WaitReply> {
    for (;;) {
      const session = this.#session.snapshot();
      const { ready, waitingFor, waitedFor } = session.readiness;
      // Seen last when the run ended: looks are no events, so what came before may be older.
      if (waitedFor.length > 0) this.#waitingFor = waitedFor;
      else if (ready || waitingFor.length > 0) this.#waitingFor = waitingFor;
      const outcome = outcomeOf(this.#goal, session, { isOver: this.#session.isOver() });
      const left = this.#deadline - performance.now();
      const settling = outcome === "reached" ? this.#settlingMs(session) : 0;
      if (left <= 0 || (outcome !== undefined && settling === 0)) {
        return this.#replyOf(session, outcome ?? "timed_out");
      }
      await this.#change(Math.min(left, settling === 0 ? left : settling));
      if (this.#closed) throw leaving();
    }
  }

  close(): void {
    this.#closed = true;
    this.#events.close();
  }

  /** How long a run that is ready must go on to be believed. */
  #settlingMs({ readiness: { readyAt } }: SessionSnapshot): number {
    if (this.#goal !== "ready" || readyAt === null) return 0;
    const age = Date.now() - readyAt;
    return age >= 0 && age < SETTLED_MS ? SETTLED_MS - age : 0;
  }

  /** Resolves when something has happened to some session, after `ms`, or when it is closed. */
  async #change(ms: number): Promise<void> {
    this.#next ??= this.#events.next().then(() => {
      this.#next = undefined;
    });
    const over = Promise.withResolvers<void>();
    const timer = setTimeout(over.resolve, Math.min(ms, LONGEST_TIMER_MS));
    await Promise.race([this.#next, over.promise]);
    clearTimeout(timer);
  }

  #replyOf(session: SessionSnapshot, outcome: WaitOutcome): WaitReply {
    return {
      outcome,
      session_id: session.id,
      state: session.state,
      ready: session.readiness.ready,
      run: session.run,
      exit_code: session.exit?.code ?? null,
      term_signal: session.exit?.signal ?? null,
      elapsed_ms: Math.round(performance.now() - this.#since),
      waiting_for: this.#waitingFor,
    };
  }
}
