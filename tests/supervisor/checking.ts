// The checks of one session, with probes that see what a test says, and a session that only notes
// what it is told.

import type { Check, HealthCheck, ReadyCheck } from "../../src/domain/checks.ts";
import { NO_NOTES, type RunNotes } from "../../src/domain/history.ts";
import type { HealthCause } from "../../src/domain/session.ts";
import { MET, type Probe, type ProbedRun, type Sight, unmet } from "../../src/probes/probe.ts";
import type { Attendant, AttendantHappening } from "../../src/supervisor/attendants/attendant.ts";
import { attendChecks } from "../../src/supervisor/attendants/checkup.ts";
import { fakeSession } from "../logs/support.ts";
import { specOf } from "./fakes.ts";

/** What a probe sees, until it is told otherwise. */
export class FakeProbe implements Probe {
  readonly what: string;
  readonly outset = "not looked at yet";
  readonly mostMs = undefined;
  readonly run: ProbedRun;
  sight: Sight = unmet("no");
  looks = 0;

  constructor(what: string, run: ProbedRun) {
    this.what = what;
    this.run = run;
  }

  async look(): Promise<Sight> {
    this.looks += 1;
    return this.sight;
  }

  met(): void {
    this.sight = MET;
  }
}

export class Checking {
  readonly attendant: Attendant;
  /** By the place of their check; the newest of each. */
  readonly probes = new Map<string, FakeProbe>();
  readonly told: AttendantHappening[] = [];
  readonly restarts: HealthCause[] = [];
  /** Places whose commands were to be ended. */
  readonly ended: string[] = [];
  notes: RunNotes = NO_NOTES;
  /** What a probe sees from the start. */
  sight: Sight = unmet("no");
  /** Inodes of who listens. */
  listening: readonly number[] = [];
  /** Ports that were asked about. */
  asked: readonly number[][] = [];

  constructor(checks: { ready?: readonly ReadyCheck[]; health?: HealthCheck }, notes?: RunNotes) {
    if (notes !== undefined) this.notes = notes;
    const charge = {
      id: "1f0c",
      spec: specOf(checks),
      log: fakeSession().log,
      notes: () => this.notes,
      note: (more: Partial<RunNotes>) => {
        this.notes = { ...this.notes, ...more };
      },
      tell: (happening: AttendantHappening) => this.told.push(happening),
      restartBecause: (cause: HealthCause) => this.restarts.push(cause),
      finishBecause: () => undefined,
      report: () => undefined,
    };
    this.attendant = attendChecks(charge, {
      open: (check, run, place) => this.#open(check, { run, place }),
      listening: (ports) => {
        this.asked = [...this.asked, [...ports]];
        return this.listening;
      },
      endCommand: async (_, place) => {
        this.ended.push(place);
      },
    });
  }

  /** A run begins; `notes` is what an earlier daemon found out about it. */
  begin(number = 1, { startedAgoMs = 0 }: { startedAgoMs?: number } = {}): void {
    if (startedAgoMs === 0) this.notes = NO_NOTES;
    this.attendant.began({ number, leader: { pid: 7, startTime: 70 }, startedAgoMs });
  }

  get readiness() {
    return this.attendant.status?.().readiness;
  }

  get health() {
    return this.attendant.status?.().health;
  }

  probe(place: string): FakeProbe {
    const probe = this.probes.get(place);
    if (probe === undefined) throw new Error(`no probe was opened for ${place}`);
    return probe;
  }

  #open(check: Check, { run, place }: { run: ProbedRun; place: string }): Probe {
    const probe = new FakeProbe(check.kind, run);
    probe.sight = this.sight;
    this.probes.set(place, probe);
    return probe;
  }
}

export function ready(check: Check, timeoutMs = 60_000): ReadyCheck {
  return { check, timeoutMs };
}
