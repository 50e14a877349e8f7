// The checks of a session: whether its run is ready, and from then on whether it is well.

import type { Check } from "../../domain/checks.ts";
import { endChecks, markOf } from "../../probes/command.ts";
import { openProbe } from "../../probes/open.ts";
import type { Probe, ProbedRun } from "../../probes/probe.ts";
import { inodesAt } from "../../probes/strangers.ts";
import { portOfUrl } from "../../probes/url.ts";
import type { Attendant, AttendantStatus, AttendedRun, Charge } from "./attendant.ts";
import { RunHealth } from "./health.ts";
import { RunReadiness } from "./readiness.ts";

/** What checking needs of the machine. */
export interface Probing {
  /** Opens the probe of a check; `place` names it among those of its session: `ready[0]`. */
  open(check: Check, run: ProbedRun, place: string): Probe;
  /** The sockets that listen on these ports now, by inode. */
  listening(ports: readonly number[]): readonly number[];
  /** Ends what an earlier daemon that was killed has left of a command. */
  endCommand(sessionId: string, place: string): Promise<void>;
}

const REAL: Probing = {
  open: openProbe,
  listening: inodesAt,
  endCommand: (sessionId, place) => endChecks(markOf(sessionId, place)),
};

/** Makes the attendant that keeps a session's checks. */
export function attendChecks(charge: Charge, probing: Probing = REAL): Attendant {
  return new Checkup(charge, probing);
}

const HEALTH_PLACE = "health";

class Checkup implements Attendant {
  readonly #charge: Charge;
  readonly #probing: Probing;
  readonly #readiness: RunReadiness;
  readonly #health: RunHealth | undefined;
  readonly #ports: readonly number[];
  /** Resolves when no command of an earlier daemon is left. */
  readonly #cleared: Promise<void>;
  #run: ProbedRun | undefined;
  #startedAt = 0;

  constructor(charge: Charge, probing: Probing) {
    this.#charge = charge;
    this.#probing = probing;
    const { ready, health } = charge.spec;
    const onReady = () => this.#lookAfter();
    this.#readiness = new RunReadiness({ checks: ready, charge, onReady });
    this.#health = health && new RunHealth({ check: health, charge });
    const checks = [...ready, ...(health === undefined ? [] : [health])].map(({ check }) => check);
    this.#ports = [...new Set(checks.flatMap(portsOf))];
    this.#cleared = this.#endCommands();
  }

  began({ number, leader, startedAgoMs }: AttendedRun): void {
    const { id: sessionId, spec, log } = this.#charge;
    const strangers = new Set(this.#noteStrangers());
    const run = { sessionId, spec, number, leader, log, strangers };
    this.#run = run;
    this.#startedAt = performance.now() - startedAgoMs;
    this.#readiness.begin({
      number,
      startedAgoMs,
      open: (check, place) => this.#open(check, run, `ready[${place}]`),
    });
  }

  ended(): void {
    this.#run = undefined;
    this.#readiness.end();
    this.#health?.end();
  }

  close(): void {
    this.ended();
  }

  status(): AttendantStatus {
    return { readiness: this.#readiness.status(), health: this.#health?.status() ?? null };
  }

  #lookAfter(): void {
    const run = this.#run;
    const { health } = this.#charge.spec;
    if (run === undefined || health === undefined) return;
    const probe = this.#open(health.check, run, HEALTH_PLACE);
    this.#health?.begin({ number: run.number, probe, startedAt: this.#startedAt });
  }

  /**
   * Looked for once a run, right after its start: no process that the run asks for something can
   * have answered by then, and its own are told from strangers in another way.
   */
  #noteStrangers(): readonly number[] {
    if (this.#ports.length === 0) return [];
    const known = this.#charge.notes().strangers;
    if (known !== null) return known;
    const strangers = this.#probing.listening(this.#ports);
    this.#charge.note({ strangers });
    return strangers;
  }

  #open(check: Check, run: ProbedRun, place: string): Probe {
    const probe = this.#probing.open(check, run, place);
    if (check.kind !== "command") return probe;
    return {
      ...probe,
      look: async (signal) => {
        await this.#cleared;
        return await probe.look(signal);
      },
    };
  }

  async #endCommands(): Promise<void> {
    const { id, spec, report } = this.#charge;
    const places = spec.ready.map(({ check }, place) => ({ check, place: `ready[${place}]` }));
    if (spec.health !== undefined) places.push({ ...spec.health, place: HEALTH_PLACE });
    const commands = places.filter(({ check }) => check.kind === "command");
    const ends = commands.map(({ place }) => this.#probing.endCommand(id, place));
    await Promise.all(ends).catch((thrown) => report("ending what is left of a check", thrown));
  }
}

/** The ports that a check is about. */
function portsOf(check: Check): readonly number[] {
  if (check.kind === "port") return [check.port];
  return check.kind === "url" ? [portOfUrl(check.url)] : [];
}
