// What one session uses: the present, and the last while. It is told when a run begins and ends, and
// looks at nothing itself: the sampler shows it every process there is, as often as somebody cares.

import type { ScannedProcess } from "../../process/process-info.ts";
import type { ProcessTable } from "../../process/tree.ts";
import { percentOf, type TreeUsage, UsageMeter, type UsageOptions } from "../../process/usage.ts";
import type { Leader } from "../machinery.ts";
import type { Moment } from "../record.ts";
import type { Attendant, AttendedRun } from "./attendant.ts";
import { UsageHistory, type UsagePoint } from "./usage-history.ts";

/** Between two points of the history, in ms; a little less, since timers are late. */
const HISTORY_MS = 4_800;

/** What a percentage is at least counted over, in ms, once there has been as much. */
const WINDOW_MS = 900;

export interface MeterOptions extends UsageOptions {
  now(): Moment;
  /** It must not use too much: it is to be looked at often while it runs. */
  readonly isLimited: boolean;
  /** It began to run, or runs no more. */
  changed(): void;
  closed(): void;
}

/** What a session uses at one moment. */
export interface SessionUsage extends TreeUsage {
  /** Of one processor, in per cent, over about a second or since the last look. */
  readonly cpuPercent: number;
  readonly members: readonly ScannedProcess[];
}

export type UsageWatcher = (usage: SessionUsage) => void;

/** Time on a processor up to a moment of the steady clock. */
interface Point {
  readonly at: number;
  readonly cpuMs: number;
}

/** Asked for again as long as nothing on the machine changes. */
interface KnownMembers {
  readonly table: ProcessTable;
  readonly leader: Leader | undefined;
  readonly members: readonly ScannedProcess[];
}

const NOTHING: SessionUsage = {
  processes: 0,
  rssBytes: 0,
  cpuMs: 0,
  cpuPercent: 0,
  members: [],
};

export class SessionMeter implements Attendant {
  readonly #sessionId: string;
  readonly #options: MeterOptions;
  readonly #history = new UsageHistory();
  readonly #watchers = new Set<UsageWatcher>();
  #leader: Leader | undefined;
  #meter: UsageMeter;
  /** When it was last shown the processes. */
  #seenAt = Number.NEGATIVE_INFINITY;
  /** Up to when its time on a processor is counted. */
  #countedTo = 0;
  #percentFrom: Point = { at: 0, cpuMs: 0 };
  #historyTo: Point = { at: 0, cpuMs: 0 };
  #usage = NOTHING;
  #known: KnownMembers | undefined;

  constructor(sessionId: string, options: MeterOptions) {
    this.#sessionId = sessionId;
    this.#options = options;
    this.#meter = new UsageMeter(options);
  }

  get isRunning(): boolean {
    return this.#leader !== undefined;
  }

  /** Whether it must not use too much. */
  get isLimited(): boolean {
    return this.#options.isLimited;
  }

  /** What was seen last. */
  get usage(): SessionUsage {
    return this.#usage;
  }

  /** The last while, the oldest first. */
  get history(): readonly UsagePoint[] {
    return this.#history.points();
  }

  /** Whether it has been shown the processes since a moment of the steady clock. */
  isFresh(since: number): boolean {
    return this.#seenAt >= since;
  }

  /** Calls back with each sight of a run from now on. */
  watch(watcher: UsageWatcher): void {
    this.#watchers.add(watcher);
  }

  unwatch(watcher: UsageWatcher): void {
    this.#watchers.delete(watcher);
  }

  began({ leader, startedAgoMs }: AttendedRun): void {
    this.#leader = leader;
    this.#meter = new UsageMeter(this.#options);
    this.#countedTo = this.#options.now().steady - startedAgoMs;
    this.#percentFrom = { at: this.#countedTo, cpuMs: 0 };
    this.#historyTo = this.#percentFrom;
    this.#seenAt = Number.NEGATIVE_INFINITY;
    this.#options.changed();
  }

  ended(): void {
    if (this.#leader === undefined) return;
    this.#leader = undefined;
    this.#seenAt = Number.NEGATIVE_INFINITY;
    this.#options.changed();
  }

  close(): void {
    this.ended();
    this.#options.closed();
  }

  /** Which of these processes are the session's. */
  membersIn(table: ProcessTable): readonly ScannedProcess[] {
    const leader = this.#leader;
    if (table !== this.#known?.table || leader !== this.#known.leader) {
      const members = table.session({ sessionId: this.#sessionId, leader });
      this.#known = { table, leader, members };
    }
    return this.#known.members;
  }

  /** Every process there is, at this moment. */
  take(table: ProcessTable, now: Moment): void {
    const members = this.membersIn(table);
    const used = this.#meter.take({ table, members }, now.steady - this.#countedTo);
    const point = { at: now.steady, cpuMs: used.cpuMs };
    this.#usage = { ...used, members, cpuPercent: between(this.#percentFrom, point) };
    this.#countedTo = now.steady;
    this.#seenAt = now.steady;
    if (point.at - this.#percentFrom.at >= WINDOW_MS) this.#percentFrom = point;
    if (this.#leader === undefined) {
      // Not held on to at rest: it is every process of the machine.
      this.#known = undefined;
      return;
    }
    this.#keep(point, now.wall);
    for (const watcher of this.#watchers) watcher(this.#usage);
  }

  #keep(point: Point, time: number): void {
    if (!this.#history.isEmpty && point.at - this.#historyTo.at < HISTORY_MS) return;
    const { processes, rssBytes } = this.#usage;
    const cpuPercent = between(this.#historyTo, point);
    this.#history.push({ time, cpuPercent, rssBytes, processes });
    this.#historyTo = point;
  }
}

function between(from: Point, to: Point): number {
  return percentOf(to.cpuMs - from.cpuMs, to.at - from.at);
}
