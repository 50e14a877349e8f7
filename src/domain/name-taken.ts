// That a name belongs to a session that lives, or is about to. Who asked for one of that name may
// well have meant it.

import { Problem } from "./problem.ts";
import type { SessionSpec, SessionState } from "./session.ts";

/** The session that has the name. */
export interface NameHolder {
  readonly id: string;
  readonly spec: SessionSpec;
  readonly state: SessionState;
  /** At rest, its policy is about to start it again. */
  readonly isWaiting: boolean;
  /** It is being stopped, and not in order to start again. */
  readonly isLeaving: boolean;
}

export class NameTaken extends Problem {
  readonly holder: NameHolder;

  constructor(holder: NameHolder) {
    const { id, state, isWaiting } = holder;
    const { name } = holder.spec;
    const waits = isWaiting ? ", and its policy is about to start it again" : "";
    super("conflict", `The name ${name} is taken: session ${id} is ${state}${waits}`, {
      field: "name",
      expected: "a name that no living session has",
      hint: `Choose another name, or stop that session with: korun stop ${name}`,
    });
    this.holder = holder;
  }
}
