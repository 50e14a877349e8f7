// Looks at what sessions use, on one timer that only exists while something runs: every second at
// those that must not use too much, every few seconds at the others. Who asks for the present gets
// it. However many sessions there are, a look is one pass over the machine, and it looks closely
// only at their own processes and at those that it does not know.

import { Problem } from "../../domain/problem.ts";
import type { ScannedProcess } from "../../process/process-info.ts";
import type { ProcessTable } from "../../process/tree.ts";
import type { UsageOptions } from "../../process/usage.ts";
import type { Moment } from "../record.ts";
import type { Charge } from "./attendant.ts";
import { SessionMeter, type UsageWatcher } from "./session-meter.ts";

/** Between two looks at a session, in ms. */
const LOOK_MS = 5_000;

/** The same for one that must not use too much. */
const CLOSE_LOOK_MS = 1_000;

/** Timers are late, and no session is to wait for the next one for that. */
const EARLY_MS = 500;

/** The present is what was seen within so many ms. */
const FRESH_MS = 250;

/** Between two looks at every process of the machine, in ms: only a pid that is used again needs it. */
const FULL_LOOK_MS = 600_000;

/** What sampling needs of the machine. */
export interface SamplerParts extends UsageOptions {
  /** Every process that lives, from a scan begun after this call. */
  scan(): Promise<ProcessTable>;
  /** The same for less: only these and those that are new are looked at. */
  rescan(before: ProcessTable, again: readonly ScannedProcess[]): ProcessTable;
  now(): Moment;
  /** Calls back every so many ms, until what is returned is called. */
  every(ms: number, call: () => void): () => void;
  /** Takes what went wrong, for the daemon's log. */
  report(what: string, cause: unknown): void;
}

export class Sampler {
  readonly #parts: SamplerParts;
  readonly #meters = new Map<string, SessionMeter>();
  #timer: { readonly ms: number; stop(): void } | undefined;
  #looking: Promise<void> | undefined;
  /** What was seen last, and when everything was. */
  #seen: { readonly table: ProcessTable; readonly fullAt: number } | undefined;

  constructor(parts: SamplerParts) {
    this.#parts = parts;
  }

  /** Begins to keep count for a session. */
  attend({ id, spec }: Pick<Charge, "id" | "spec">): SessionMeter {
    const { processors, isUnreaped, now } = this.#parts;
    const meter = new SessionMeter(id, {
      ...{ processors, isUnreaped, now },
      isLimited: spec.maxRssBytes !== undefined,
      changed: () => this.#setTimer(),
      closed: () => this.#meters.delete(id),
    });
    this.#meters.set(id, meter);
    return meter;
  }

  /** Calls back with each sight of a session's run. */
  watch(sessionId: string, watcher: UsageWatcher): void {
    this.#meters.get(sessionId)?.watch(watcher);
  }

  unwatch(sessionId: string, watcher: UsageWatcher): void {
    this.#meters.get(sessionId)?.unwatch(watcher);
  }

  /** What a session uses now. Throws Problem `not_found` for one that has been forgotten. */
  async look(sessionId: string): Promise<SessionMeter> {
    const meter = this.#meters.get(sessionId);
    if (meter === undefined) {
      throw new Problem("not_found", `Session ${sessionId} has been removed`);
    }
    await this.#refresh([meter]);
    return meter;
  }

  /** Which session each process belongs to, by pid, from a look begun after this call. */
  async membership(): Promise<ReadonlyMap<number, string>> {
    while (this.#looking !== undefined) await this.#looking;
    const all = [...this.#meters];
    await this.#look(all.map(([, meter]) => meter));
    const members = all.flatMap(([id, { usage }]) =>
      usage.members.map(({ pid }) => [pid, id] as const),
    );
    return new Map(members);
  }

  /** Looks again at those of these that were not just looked at. */
  async #refresh(meters: readonly SessionMeter[]): Promise<void> {
    const stale = () => {
      const since = this.#parts.now().steady - FRESH_MS;
      return meters.filter((meter) => !meter.isFresh(since));
    };
    // A look that is under way may be at these.
    while (this.#looking !== undefined && stale().length > 0) await this.#looking;
    const wanted = stale();
    if (wanted.length > 0) await this.#look(wanted);
  }

  #look(meters: readonly SessionMeter[]): Promise<void> {
    this.#looking = this.#show(meters).finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #show(meters: readonly SessionMeter[]): Promise<void> {
    const table = await this.#scan(meters);
    const now = this.#parts.now();
    for (const meter of meters) meter.take(table, now);
  }

  async #scan(meters: readonly SessionMeter[]): Promise<ProcessTable> {
    const { steady } = this.#parts.now();
    if (this.#seen === undefined || steady - this.#seen.fullAt >= FULL_LOOK_MS) {
      this.#seen = { table: await this.#parts.scan(), fullAt: steady };
      return this.#seen.table;
    }
    const { table: before, fullAt } = this.#seen;
    const members = meters.flatMap((meter) => meter.membersIn(before));
    const table = this.#parts.rescan(before, members);
    this.#seen = { table, fullAt };
    return table;
  }

  #setTimer(): void {
    const running = this.#running();
    const ms = running.some(({ isLimited }) => isLimited) ? CLOSE_LOOK_MS : LOOK_MS;
    if (running.length > 0 && ms === this.#timer?.ms) return;
    this.#timer?.stop();
    this.#timer = undefined;
    if (running.length > 0) {
      this.#timer = { ms, stop: this.#parts.every(ms, () => this.#lookAtDue()) };
    } else {
      // Every process of the machine is not to be held on to for nothing.
      this.#seen = undefined;
    }
  }

  #lookAtDue(): void {
    if (this.#looking !== undefined) return;
    const since = this.#parts.now().steady - LOOK_MS + EARLY_MS;
    const due = this.#running().filter((meter) => meter.isLimited || !meter.isFresh(since));
    if (due.length === 0) return;
    this.#look(due).catch((thrown) => {
      this.#parts.report("looking at what sessions use", thrown);
    });
  }

  #running(): readonly SessionMeter[] {
    return [...this.#meters.values()].filter(({ isRunning }) => isRunning);
  }
}
