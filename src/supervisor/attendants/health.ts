// How well a run does, once it is ready: looked at again and again, with a pause between. So many
// failures in a row make it unhealthy, one success healthy again.

import type { HealthCheck, HealthStatus } from "../../domain/checks.ts";
import { LONGEST_TIMER_MS } from "../../domain/duration.ts";
import { LEAST_PERIOD_MS } from "../../domain/restart-policy.ts";
import { lookOnce } from "../../probes/look.ts";
import type { Probe, Sight } from "../../probes/probe.ts";
import { pause } from "../../process/pause.ts";
import type { Charge } from "./attendant.ts";

/** Reasons to keep. */
const KEPT_REASONS = 5;

const UNKNOWN: HealthStatus = { state: "unknown", failures: 0, checkedAt: null, reasons: [] };

export interface HealthParts {
  readonly check: HealthCheck;
  readonly charge: Pick<Charge, "notes" | "note" | "tell" | "restartBecause">;
}

/** The run that is looked after. */
export interface LookedAfterRun {
  readonly number: number;
  readonly probe: Probe;
  /** By the clock of `performance.now()`. */
  readonly startedAt: number;
}

export class RunHealth {
  readonly #parts: HealthParts;
  #status = UNKNOWN;
  #over = new AbortController();

  constructor(parts: HealthParts) {
    this.#parts = parts;
  }

  status(): HealthStatus {
    return this.#status;
  }

  /** A run is ready. What an earlier daemon saw of it still holds. */
  begin(run: LookedAfterRun): void {
    this.end();
    this.#status = this.#parts.charge.notes().health ?? UNKNOWN;
    this.#over = new AbortController();
    void this.#lookAfter(run, this.#over.signal);
  }

  /** It is over: nothing is looked at any more. */
  end(): void {
    this.#over.abort();
    this.#status = UNKNOWN;
  }

  async #lookAfter(run: LookedAfterRun, signal: AbortSignal): Promise<void> {
    const { intervalMs, timeoutMs } = this.#parts.check;
    while (!signal.aborted) {
      const sight = await lookOnce(run.probe, { ms: timeoutMs, signal });
      if (signal.aborted) return;
      this.#take(sight, run);
      await pause(Math.min(intervalMs, LONGEST_TIMER_MS), signal);
    }
  }

  #take(sight: Sight, { number: run, probe, startedAt }: LookedAfterRun): void {
    const { check, charge } = this.#parts;
    const before = this.#status;
    this.#status = sight.ok ? wellNow() : oneMoreFailure(before, sight.reason);
    const { failures } = this.#status;
    const times = failures > 1 ? `, ${failures} times in a row` : "";
    const reason = sight.ok ? "" : `${probe.what}: ${sight.reason}${times}`;
    if (failures >= check.threshold) this.#status = { ...this.#status, state: "unhealthy" };
    if (this.#status.state !== before.state) {
      if (sight.ok) charge.tell({ type: "healthy", run });
      else charge.tell({ type: "unhealthy", run, reason });
      charge.note({ health: this.#status });
    }
    // Not at the first look, which follows the start at once: what is not up yet would never be, and
    // spin. Then each time: whoever was to hear it first may not have.
    const isUnwell = this.#status.state === "unhealthy" && before.checkedAt !== null;
    const isTime = performance.now() - startedAt >= LEAST_PERIOD_MS;
    if (isUnwell && isTime && check.restart) charge.restartBecause({ kind: "health", reason });
  }
}

function wellNow(): HealthStatus {
  return { state: "healthy", failures: 0, checkedAt: Date.now(), reasons: [] };
}

function oneMoreFailure({ state, failures, reasons }: HealthStatus, reason: string): HealthStatus {
  return {
    state,
    failures: failures + 1,
    checkedAt: Date.now(),
    reasons: [...reasons, reason].slice(-KEPT_REASONS),
  };
}
