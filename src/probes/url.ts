// Whether a URL answers with the status that is wanted, or with any below 400. On the loopback
// interface, whoever answers must be no stranger; both its addresses are tried where the URL says
// localhost. What is elsewhere is only asked.

import type { Check } from "../domain/checks.ts";
import { loopbackPort } from "../domain/wanted-ports.ts";
import { untilAborted } from "./aborted.ts";
import { requestStatus } from "./http-status.ts";
import { addressesOf, isLoopback } from "./loopback.ts";
import { brief, MET, type Probe, type ProbedRun, type Sight, unmet } from "./probe.ts";
import { behind, doorsAt, strangerAmong, whyTaken } from "./strangers.ts";

/** A server that hangs is asked again after so long, in ms. */
const MOST_MS = 5_000;

const NO_ANSWER = "does not answer";

type UrlCheck = Extract<Check, { kind: "url" }>;

export function urlProbe(check: UrlCheck, run: ProbedRun): Probe {
  const taken = () => {
    const port = loopbackPort(check.url);
    return port === undefined ? undefined : whyTaken(port, run);
  };
  return {
    what: `url ${brief(check.url)}`,
    outset: taken() ?? "not asked yet",
    mostMs: MOST_MS,
    // Looking up a name can take long, and cannot be called off.
    look: (signal) => {
      const reason = () => taken() ?? NO_ANSWER;
      return untilAborted(signal, { look: lookAt(check, { run, signal }), reason });
    },
  };
}

/** The port that a URL names, or means. */
export function portOfUrl(url: string): number {
  const { port, protocol } = new URL(url);
  if (port !== "") return Number(port);
  return protocol === "https:" ? 443 : 80;
}

interface Context {
  readonly run: ProbedRun;
  readonly signal: AbortSignal;
}

async function lookAt(check: UrlCheck, context: Context): Promise<Sight> {
  const { hostname } = new URL(check.url);
  const addresses = await addressesOf(hostname).catch(() => []);
  if (addresses.length === 0) return unmet(`${hostname} has no address`);
  let reason = "nothing listens";
  for (const address of addresses) {
    const failure = await whyNot(check, { ...context, address });
    if (failure === undefined) return MET;
    // Somebody who answers, but otherwise, says more than nobody at the other address.
    if (failure !== NOBODY) reason = failure;
  }
  return unmet(reason);
}

const NOBODY = Symbol("nobody listens");

async function whyNot(
  check: UrlCheck,
  { run, signal, address }: Context & { readonly address: string },
): Promise<string | typeof NOBODY | undefined> {
  const isHere = isLoopback(address);
  if (isHere) {
    const port = portOfUrl(check.url);
    const doors = behind(address, doorsAt(port));
    if (doors.length === 0) return NOBODY;
    const stranger = await strangerAmong(doors, { port, run });
    if (stranger !== undefined) return stranger;
  }
  // What runs here while it is developed has a certificate of its own making.
  const request = { url: new URL(check.url), address, verify: !isHere, signal };
  const answer = await requestStatus(request);
  if ("failure" in answer) return answer.failure;
  return whyWrong(answer.status, check.status);
}

function whyWrong(status: number, wanted: number | undefined): string | undefined {
  if (wanted === undefined) return status < 400 ? undefined : `answers ${status}`;
  return status === wanted ? undefined : `answers ${status}, not ${wanted}`;
}
