// Whether somebody who is no stranger listens on a TCP port of the loopback interface, and accepts a
// connection there. A connection is only made once somebody does listen: servers need not hear of us
// before, and some write a line about it.

import type { Check } from "../domain/checks.ts";
import { whyUnreachable } from "./connect.ts";
import { isLoopback, LOOPBACK } from "./loopback.ts";
import { MET, type Probe, type ProbedRun, type Sight, unmet } from "./probe.ts";
import { behind, type Door, doorsAt, strangerAmong, whyTaken } from "./strangers.ts";

const NOBODY = "nothing listens";

/** One who does not accept is tried again after so long, in ms. */
const MOST_MS = 2_000;

export function portProbe({ port }: Extract<Check, { kind: "port" }>, run: ProbedRun): Probe {
  return {
    what: `port ${port}`,
    outset: whyTaken(port, run) ?? "not looked at yet",
    mostMs: MOST_MS,
    look: (signal) => lookAt(port, { run, signal }),
  };
}

async function lookAt(
  port: number,
  { run, signal }: { readonly run: ProbedRun; readonly signal: AbortSignal },
): Promise<Sight> {
  const doors = doorsAt(port);
  let reason = whyNobody(doors);
  for (const address of addressesOf(doors)) {
    const reached = behind(address, doors);
    if (reached.length === 0) continue;
    const stranger = await strangerAmong(reached, { port, run });
    const failure = stranger ?? (await whyUnreachable({ address, port }, signal));
    if (failure === undefined) return MET;
    reason = failure;
  }
  return unmet(reason);
}

/** The usual two, and whichever others of the interface somebody listens on. */
function addressesOf(doors: readonly Door[]): ReadonlySet<string> {
  return new Set([...LOOPBACK, ...doors.map(({ address }) => address).filter(isLoopback)]);
}

function whyNobody(doors: readonly Door[]): string {
  if (doors.length === 0) return NOBODY;
  const elsewhere = new Set(doors.map(({ address }) => address));
  return `only listened on at ${[...elsewhere].join(", ")}`;
}
