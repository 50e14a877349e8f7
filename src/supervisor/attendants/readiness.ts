// Whether a run is ready: once each of its checks has been met, all in the same run. One that was
// met stays so. A check whose time is over ends the waiting of all, and the run goes on unready.
// What is found out is kept with the run, so that the next daemon waits on with the time that is
// left, and a run that was ready stays so.

import type { Check, Readiness, ReadyCheck } from "../../domain/checks.ts";
import { untilMet } from "../../probes/look.ts";
import type { Probe } from "../../probes/probe.ts";
import type { Charge } from "./attendant.ts";

/**
 * How long to look, in ms, where the time was over before anybody could: it may have been met while
 * there was no daemon.
 */
const LATE_LOOK_MS = 1_000;

export interface ReadinessParts {
  readonly checks: readonly ReadyCheck[];
  readonly charge: Pick<Charge, "notes" | "note" | "tell">;
  /** The run became ready, or was found to be. */
  onReady(): void;
}

/** The run that is to become ready. */
export interface AwaitedRun {
  readonly number: number;
  readonly startedAgoMs: number;
  open(check: Check, place: number): Probe;
}

/** A check that is not met yet. */
interface Waiting {
  readonly place: number;
  readonly timeoutMs: number;
  readonly probe: Probe;
  /** What was seen last. */
  reason: string;
}

export class RunReadiness {
  readonly #parts: ReadinessParts;
  #run: AwaitedRun | undefined;
  #waiting: readonly Waiting[] = [];
  #readyAt: number | null = null;
  #timedOut = false;
  #over = new AbortController();

  constructor(parts: ReadinessParts) {
    this.#parts = parts;
  }

  status(): Readiness {
    return {
      ready: this.#readyAt !== null,
      readyAt: this.#readyAt,
      waitingFor: inWords(this.#waiting),
      timedOut: this.#timedOut,
      waitedFor: this.#run === undefined ? this.#parts.charge.notes().waitedFor : [],
    };
  }

  /** A run is under way. */
  begin(run: AwaitedRun): void {
    this.end();
    this.#run = run;
    const { readyAt, readyTimedOut, met } = this.#parts.charge.notes();
    this.#waiting = this.#parts.checks
      .map(({ check, timeoutMs }, place) => ({ check, timeoutMs, place }))
      .filter(({ place }) => readyAt === null && !met.includes(place))
      .map(({ check, timeoutMs, place }) => {
        const probe = run.open(check, place);
        const reason = readyTimedOut ? "not met in time" : probe.outset;
        return { place, timeoutMs, probe, reason };
      });
    this.#timedOut = readyTimedOut;
    if (readyAt !== null) this.#setReady(readyAt);
    else if (this.#waiting.length === 0) this.#becomeReady();
    else if (!readyTimedOut) this.#awaitAll(run);
  }

  /** It is over: nothing is waited for any more. */
  end(): void {
    this.#over.abort();
    if (this.#run !== undefined) this.#noteWaitedFor(this.#waiting);
    this.#run = undefined;
    this.#waiting = [];
    this.#readyAt = null;
    this.#timedOut = false;
  }

  #awaitAll({ startedAgoMs }: AwaitedRun): void {
    this.#over = new AbortController();
    const now = performance.now();
    for (const one of this.#waiting) {
      const left = one.timeoutMs - startedAgoMs;
      void this.#await(one, now + (left > 0 ? left : LATE_LOOK_MS));
    }
  }

  async #await(one: Waiting, deadline: number): Promise<void> {
    const { signal } = this.#over;
    const all = this.#waiting;
    const onUnmet = (reason: string) => {
      // A look that the run's end cut short says more than none at all, and less than one before.
      if (signal.aborted && one.reason !== one.probe.outset) return;
      one.reason = reason;
      // No more is known of the run that ended once another has begun.
      const isLate = signal.aborted && this.#parts.charge.notes().waitedFor.length > 0;
      if (isLate) this.#noteWaitedFor(all);
    };
    const isMet = await untilMet(one.probe, { deadline, signal, onUnmet });
    if (signal.aborted) return;
    if (isMet) this.#noteMet(one);
    else this.#timeOut();
  }

  /** What a run that ended was not ready for. */
  #noteWaitedFor(waiting: readonly Waiting[]): void {
    if (waiting.length > 0) this.#parts.charge.note({ waitedFor: inWords(waiting) });
  }

  #noteMet(one: Waiting): void {
    this.#waiting = this.#waiting.filter((other) => other !== one);
    if (this.#waiting.length === 0) {
      this.#becomeReady();
    } else {
      const { notes, note } = this.#parts.charge;
      note({ met: [...notes().met, one.place] });
    }
  }

  #becomeReady(): void {
    const run = this.#run?.number;
    const { checks, charge } = this.#parts;
    const readyAt = Date.now();
    this.#setReady(readyAt);
    // To be ready is news only where it is more than to run.
    if (run !== undefined && checks.length > 0) charge.tell({ type: "ready", run });
    charge.note({ readyAt });
  }

  #setReady(readyAt: number): void {
    this.#readyAt = readyAt;
    this.#parts.onReady();
  }

  #timeOut(): void {
    this.#over.abort();
    this.#timedOut = true;
    const run = this.#run?.number;
    const reason = this.status().waitingFor.join("; ");
    if (run !== undefined) this.#parts.charge.tell({ type: "not_ready", run, reason });
    this.#parts.charge.note({ readyTimedOut: true });
  }
}

function inWords(waiting: readonly Waiting[]): string[] {
  return waiting.map(({ probe, reason }) => `${probe.what}: ${reason}`);
}
