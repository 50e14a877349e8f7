// Sessions on a machine under the test's control, at the point where a test begins.

import type { SessionSnapshot, SessionSpec } from "../../src/domain/session.ts";
import { Registry } from "../../src/supervisor/registry.ts";
import type { Session } from "../../src/supervisor/session.ts";
import { FakeMachinery, specOf } from "./fakes.ts";

export interface Stage {
  readonly machine: FakeMachinery;
  readonly session: Session;
  readonly faults: string[];
}

/** A session whose first spawn is under way. */
export async function stage(facts: Partial<SessionSpec> = {}): Promise<Stage> {
  const machine = new FakeMachinery();
  const faults: string[] = [];
  const registry = new Registry({ machinery: machine, report: (what) => faults.push(what) });
  return { machine, faults, session: await registry.create(specOf(facts)) };
}

/** A session that runs. */
export async function running(facts: Partial<SessionSpec> = {}): Promise<Stage> {
  const made = await stage(facts);
  await made.machine.start();
  return made;
}

/** Notes the snapshot a promise brings, so that a test can see whether it came yet. */
export function noted(done: Promise<SessionSnapshot>): { came: SessionSnapshot | undefined } {
  const note: { came: SessionSnapshot | undefined } = { came: undefined };
  void done.then((snapshot) => {
    note.came = snapshot;
  });
  return note;
}
