// The ports that a session is to listen on, as far as its checks tell, and whether it still has to.
// Pure.

import type { Check } from "./checks.ts";
import type { SessionSnapshot } from "./session.ts";

/**
 * The ports of this machine that a session wants and does not have yet, by its own checks: those of
 * one that runs and is not ready or not well, that waits to be started again, or that has failed.
 */
export function wantedPorts(session: SessionSnapshot): ReadonlySet<number> {
  if (!isWanting(session)) return new Set();
  const { spec, readiness, health } = session;
  const checks = [
    ...(readiness.ready ? [] : spec.ready),
    ...(spec.health === undefined || health?.state === "healthy" ? [] : [spec.health]),
  ];
  return new Set(checks.flatMap(({ check }) => portOf(check) ?? []));
}

/** The port of this machine that a check looks at, if it does at one. */
export function portOf(check: Check): number | undefined {
  if (check.kind === "port") return check.port;
  return check.kind === "url" ? loopbackPort(check.url) : undefined;
}

/** The port of a URL that leads to this machine by its loopback interface. */
export function loopbackPort(url: string): number | undefined {
  if (!URL.canParse(url)) return undefined;
  const { hostname, port, protocol } = new URL(url);
  if (!/^(?:(?:.+\.)?localhost|127(?:\.\d+){3}|0\.0\.0\.0|\[::1?\])$/.test(hostname)) {
    return undefined;
  }
  if (port !== "") return Number(port);
  return protocol === "https:" ? 443 : 80;
}

function isWanting({ state, exit, lastEnd, nextRestartAt }: SessionSnapshot): boolean {
  if (state === "starting" || state === "running") return true;
  return nextRestartAt !== null || (lastEnd?.kind === "exit" && exit?.code !== 0);
}
