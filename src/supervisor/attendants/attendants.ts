// The attendants of one session, kept in step with its lifecycle. A defect in one of them is
// reported and touches neither the session nor the others.

import { attendedRun, type Lifecycle, type LifecycleEvent } from "../../domain/lifecycle.ts";
import type { SessionRecord } from "../record.ts";
import type {
  Attendant,
  AttendantStatus,
  AttendedRun,
  Charge,
  MakeAttendant,
} from "./attendant.ts";

export interface AttendantsParts extends Pick<Charge, "id" | "spec" | "log" | "tell" | "report"> {
  readonly make: readonly MakeAttendant[];
  readonly record: Pick<SessionRecord, "notes" | "noted">;
  /** Keeps what is in the record now. */
  save(): void;
  take(event: LifecycleEvent): void;
}

export class Attendants {
  readonly #parts: AttendantsParts;
  readonly #attendants: readonly Attendant[];
  /** The run that they were told of. */
  #run: number | undefined;
  #closed = false;

  constructor(parts: AttendantsParts) {
    this.#parts = parts;
    const { id, spec, log, record, make } = parts;
    const charge: Charge = {
      ...{ id, spec, log },
      report: (what, cause) => parts.report(what, cause),
      notes: () => record.notes,
      // What comes in late must not bring back what is forgotten.
      note: (more) => {
        if (this.#closed) return;
        record.noted(more);
        parts.save();
      },
      tell: (happening) => this.#closed || parts.tell(happening),
      restartBecause: (cause) => this.#act((run) => ({ type: "restartRun", run, cause })),
      finishBecause: (cause) => this.#act((run) => ({ type: "finishRun", run, cause })),
    };
    this.#attendants = make.flatMap((one) => one(charge) ?? []);
  }

  /** Tells them what has become of the session; `facts` are those of the run under way. */
  follow(state: Lifecycle, facts: () => Omit<AttendedRun, "number"> | undefined): void {
    const run = attendedRun(state);
    if (run === this.#run) return;
    if (this.#run !== undefined) this.#leave();
    const known = run === undefined ? undefined : facts();
    if (run === undefined || known === undefined) return;
    this.#run = run;
    this.#each("of a run that began", (one) => one.began({ number: run, ...known }));
  }

  /** What they say of the session together. */
  status(): AttendantStatus {
    return Object.assign({}, ...this.#attendants.map((one) => one.status?.()));
  }

  /** They are told nothing more, and have no say any more. */
  close(): void {
    this.#run = undefined;
    this.#closed = true;
    this.#each("of the end", (one) => one.close());
  }

  #leave(): void {
    this.#run = undefined;
    this.#each("of a run that ended", (one) => one.ended());
  }

  /** Not at once: the others are first told of what it acts upon. */
  #act(event: (run: number) => LifecycleEvent): void {
    const run = this.#run;
    if (run !== undefined) queueMicrotask(() => this.#parts.take(event(run)));
  }

  #each(what: string, tell: (attendant: Attendant) => void): void {
    for (const attendant of this.#attendants) {
      try {
        tell(attendant);
      } catch (thrown) {
        this.#parts.report(`telling an attendant ${what}`, thrown);
      }
    }
  }
}
