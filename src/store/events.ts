// What happened, in the order of one counter. The counter is ours and only the file remembers it:
// it goes on where it was after a restart, and never back, whatever becomes of clocks and rows.

import type { EventDraft, HistoryEvent } from "../domain/history.ts";
import { messageOf } from "../domain/problem.ts";
import type { Access } from "./access.ts";
import type { Row } from "./connection.ts";
import { parseEvent } from "./parse.ts";

const APPEND = "INSERT INTO events (seq, ts, type, session_id, data) VALUES (?, ?, ?, ?, ?)";

const LAST = `
  SELECT max(
    (SELECT coalesce(max(seq), 0) FROM events),
    (SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'events')
  ) AS last`;

/** Only ever the oldest go, even where the clock jumped: up to the first that is young enough. */
const FORGET_OLD = `
  DELETE FROM events
  WHERE seq < coalesce((SELECT seq FROM events WHERE ts >= ? ORDER BY seq LIMIT 1), ? + 1)`;

/** How many events come between two looks for those that are to be forgotten. */
const FORGET_EVERY = 100;

/** Events from some seq on. */
export interface EventPage {
  readonly events: readonly HistoryEvent[];
  /** Where to go on. */
  readonly nextSeq: number;
}

export class EventTable {
  readonly #access: Access;
  readonly #limits: { readonly kept: number; readonly keptMs: number };
  #last: number;

  /** Keeps the newest `kept` events, none older than `keptMs`. The next `skipped` are lost. */
  constructor(access: Access, limits: { kept: number; keptMs: number; skipped: number }) {
    this.#access = access;
    this.#limits = limits;
    const last = access.attempt((connection) => Number(connection.get(LAST)?.last), 0);
    this.#last = last + limits.skipped;
  }

  /** The seq of the newest event there ever was; 0 before the first. */
  get last(): number {
    return this.#last;
  }

  /** Keeps an event and returns its seq. Now and then forgets those over the limits. */
  append(event: EventDraft): number {
    const { time, type, sessionId, ...data } = event;
    this.#last += 1;
    const seq = this.#last;
    this.#access.attempt((connection) => {
      connection.run(APPEND, seq, time, type, sessionId, JSON.stringify(data));
    }, undefined);
    if (seq % FORGET_EVERY === 0) this.forget(time);
    return seq;
  }

  /** Forgets the events over the limits; `now` is epoch ms. */
  forget(now: number): void {
    const { kept, keptMs } = this.#limits;
    this.#access.attempt((connection) => {
      connection.run("DELETE FROM events WHERE seq <= ?", this.#last - kept);
      connection.run(FORGET_OLD, now - keptMs, this.#last);
    }, undefined);
  }

  /** The first `limit` events from `seq` on, inclusive. */
  since(seq: number, limit: number): EventPage {
    const sql = "SELECT * FROM events WHERE seq >= ? ORDER BY seq LIMIT ?";
    const first = Math.max(seq, this.#last - this.#limits.kept + 1);
    const rows = this.#access.attempt((connection) => connection.all(sql, first, limit), []);
    const newest = rows.at(-1);
    return {
      events: rows.flatMap((row) => this.#read(row)),
      nextSeq: newest === undefined ? this.#last + 1 : Number(newest.seq) + 1,
    };
  }

  /** The last `limit` events that are there, the oldest first. */
  newest(limit: number): EventPage {
    const sql = "SELECT * FROM events WHERE seq > ? ORDER BY seq DESC LIMIT ?";
    const beyond = this.#last - this.#limits.kept;
    const rows = this.#access.attempt((connection) => connection.all(sql, beyond, limit), []);
    return {
      events: rows.toReversed().flatMap((row) => this.#read(row)),
      nextSeq: this.#last + 1,
    };
  }

  #read(row: Row): HistoryEvent[] {
    try {
      return [parseEvent(row)];
    } catch (thrown) {
      this.#access.notice(`Some events cannot be read any more (${messageOf(thrown)}).`);
      return [];
    }
  }
}
