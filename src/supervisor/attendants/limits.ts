// What a run may use and how long it may last. Going over a limit ends the run, gracefully, once.

import { formatDuration, LONGEST_TIMER_MS } from "../../domain/duration.ts";
import type { LimitCause } from "../../domain/session.ts";
import { formatSize } from "../../domain/size.ts";
import type { Leader } from "../machinery.ts";
import type { Attendant, AttendedRun, Charge } from "./attendant.ts";
import type { Sampler } from "./sampler.ts";
import type { UsageWatcher } from "./session-meter.ts";

export interface LimitsParts {
  readonly charge: Pick<Charge, "id" | "spec" | "finishBecause">;
  readonly sampler: Pick<Sampler, "watch" | "unwatch">;
  /** How long a leader has lived, in ms by the kernel's clock. */
  ageMs(leader: Leader): number;
}

/** Holds sessions to their limits; nothing is made for one that has none. */
export function limitsWith(parts: Omit<LimitsParts, "charge">) {
  return (charge: LimitsParts["charge"]): Limits | undefined => {
    const { maxRssBytes, maxRuntimeMs } = charge.spec;
    if (maxRssBytes === undefined && maxRuntimeMs === undefined) return undefined;
    return new Limits({ ...parts, charge });
  };
}

export class Limits implements Attendant {
  readonly #parts: LimitsParts;
  readonly #weigh: UsageWatcher;
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: LimitsParts) {
    this.#parts = parts;
    const most = parts.charge.spec.maxRssBytes ?? Number.POSITIVE_INFINITY;
    this.#weigh = ({ rssBytes }) => {
      if (rssBytes > most) this.#finish("max_rss", overSize(rssBytes, most));
    };
  }

  began({ leader, startedAgoMs }: AttendedRun): void {
    const { id, spec } = this.#parts.charge;
    if (spec.maxRssBytes !== undefined) this.#parts.sampler.watch(id, this.#weigh);
    if (spec.maxRuntimeMs === undefined) return;
    this.#await(spec.maxRuntimeMs, { leader, since: performance.now() - startedAgoMs });
  }

  ended(): void {
    clearTimeout(this.#timer);
    this.#parts.sampler.unwatch(this.#parts.charge.id, this.#weigh);
  }

  close(): void {
    this.ended();
  }

  /** A timer does not count the machine's sleep, and cannot be set for a month: it looks again. */
  #await(maxMs: number, run: { readonly leader: Leader; readonly since: number }): void {
    const age = () => Math.max(performance.now() - run.since, this.#parts.ageMs(run.leader));
    const left = Math.max(0, Math.ceil(maxMs - age()));
    this.#timer = setTimeout(
      () => {
        if (age() < maxMs) return this.#await(maxMs, run);
        this.#finish("max_runtime", `it has run for ${exactly(maxMs)}, as long as it may`);
      },
      Math.min(left, LONGEST_TIMER_MS),
    );
  }

  #finish(limit: LimitCause["limit"], reason: string): void {
    this.ended();
    this.#parts.charge.finishBecause({ kind: "limit", limit, reason });
  }
}

/** A limit as it was given, which a short form would round. */
function exactly(ms: number): string {
  if (ms < 1_000 || ms % 1_000 === 0) return formatDuration(ms);
  return ms < 60_000 ? `${ms / 1_000}s` : `${formatDuration(ms)} (${ms} ms)`;
}

/** Both numbers as people write them, and in bytes where they would read alike. */
function overSize(bytes: number, most: number): string {
  const [is, may] = [formatSize(bytes), formatSize(most)];
  const held = is === may ? `${is} (${bytes} bytes)` : is;
  return `its processes hold ${held} of memory, over the limit of ${may}`;
}
