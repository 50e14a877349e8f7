// Runs and events in arrays: what the HTTP layer tells of the past.

import type { EventDraft, HistoryEvent, Run } from "../../../src/domain/history.ts";
import type { EventPage, History, Pulled } from "../../../src/http/ports.ts";
import { EventLog, type EventStore } from "../../../src/supervisor/event-log.ts";

class FakeEvents implements EventStore {
  readonly events: HistoryEvent[] = [];

  get last(): number {
    return this.events.at(-1)?.seq ?? 0;
  }

  append(event: EventDraft): number {
    this.events.push({ ...event, seq: this.last + 1 });
    return this.last;
  }

  since(seq: number, limit: number): EventPage {
    const events = this.events.filter((event) => event.seq >= seq).slice(0, limit);
    return { events, nextSeq: (events.at(-1)?.seq ?? this.last) + 1 };
  }

  newest(limit: number): EventPage {
    return this.since(this.last - limit + 1, limit);
  }
}

export class FakeHistory implements History {
  readonly runsOf = new Map<string, Run[]>();
  readonly lags: object[] = [];
  /** Followers that were not closed yet. */
  readonly open = new Set<object>();
  readonly #log = new EventLog(new FakeEvents());

  append(event: EventDraft): void {
    this.#log.append(event);
  }

  runs(sessionId: string): readonly Run[] {
    return this.runsOf.get(sessionId) ?? [];
  }

  since(seq: number, limit: number): EventPage {
    return this.#log.since(seq, limit);
  }

  newest(limit: number): EventPage {
    return this.#log.newest(limit);
  }

  follow(seq: number): Pulled<readonly HistoryEvent[]> {
    const follower = this.#log.follow(seq);
    this.open.add(follower);
    return {
      next: () => follower.next(),
      close: () => {
        this.open.delete(follower);
        follower.close();
      },
    };
  }

  lagged(sessionId: string, facts: object): void {
    this.lags.push({ sessionId, ...facts });
  }
}
