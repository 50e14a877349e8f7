// Who listens, as the API shows it: each with the session that it belongs to, and with those that
// it keeps from a port they want.

import type { PortReply } from "../../api/stats.ts";
import type { SessionSnapshot } from "../../domain/session.ts";
import { wantedPorts } from "../../domain/wanted-ports.ts";
import type { PortListener } from "../../process/ports.ts";
import { userName } from "../../process/user-name.ts";

/** What is known of sessions, beside who listens. */
export interface PortFacts {
  /** In creation order. */
  readonly sessions: readonly SessionSnapshot[];
  /** Which session each process belongs to, by pid. */
  readonly membership: ReadonlyMap<number, string>;
}

/** Without facts of sessions, everyone is a stranger. */
export function portReplies(
  listeners: readonly PortListener[],
  { sessions, membership }: PortFacts = { sessions: [], membership: new Map() },
): readonly PortReply[] {
  const wanting = sessions.filter((session) => !isReplaced(session, sessions));
  const wants = wanting.map((session) => ({ session, ports: wantedPorts(session) }));
  return listeners.map((listener) => {
    const owner = listener.pid === undefined ? undefined : membership.get(listener.pid);
    const session = sessions.find(({ id }) => id === owner);
    return {
      port: listener.port,
      address: listener.address,
      pid: listener.pid ?? null,
      name: listener.name ?? null,
      user: listener.uid < 0 ? null : userName(listener.uid),
      session: session === undefined ? null : named(session),
      wanted_by: wants
        .filter((one) => one.session !== session && one.ports.has(listener.port))
        .map((one) => named(one.session)),
    };
  });
}

/** One at rest whose name a later session has taken: it wants nothing any more. */
function isReplaced(session: SessionSnapshot, sessions: readonly SessionSnapshot[]): boolean {
  const { name } = session.spec;
  if (name === undefined || session.state === "running" || session.state === "starting") {
    return false;
  }
  return sessions.findLast(({ spec }) => spec.name === name) !== session;
}

function named({ id, spec }: SessionSnapshot): {
  readonly id: string;
  readonly name: string | null;
} {
  return { id, name: spec.name ?? null };
}
