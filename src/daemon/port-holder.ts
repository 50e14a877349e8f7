// Who holds a TCP port of this machine, as far as this user may know: the process where it can be
// seen, else its user, else nothing. A korun daemon is asked which one it is.

import { DAEMON_STOP } from "../api/paths.ts";
import { Problem, systemCode } from "../domain/problem.ts";
import { findListeners } from "../process/ports.ts";
import { userName } from "../process/user-name.ts";
import { askForDaemon, type OtherDaemon } from "./other-daemon.ts";
import { type Paths, resolvePaths } from "./paths.ts";
import { readRecord } from "./record.ts";
import { shellWord } from "./shell-word.ts";

/** The addresses with which a socket gets what is sent to 127.0.0.1. */
const TAKES_LOOPBACK = ["127.0.0.1", "0.0.0.0", "::"];

/** What could be found out; no field at all when somebody holds it who cannot be seen. */
export interface PortHolder {
  readonly pid?: number;
  readonly name?: string;
  readonly user?: string;
}

/** Finds who listens on a port of the loopback. Never rejects. */
export async function findPortHolder(port: number): Promise<PortHolder> {
  const all = await findListeners(port).catch(() => []);
  const holders = all.filter(({ address }) => TAKES_LOOPBACK.includes(address));
  const { pid, name } = holders.find((holder) => holder.pid !== undefined) ?? {};
  if (pid !== undefined) return name === undefined ? { pid } : { pid, name };
  const [hidden] = holders;
  return hidden === undefined ? {} : { user: userName(hidden.uid) };
}

/** In words, such as `pid 412 (node)`, `a process of alice` or `another process`. */
export function describeHolder(holder: PortHolder): string {
  if (holder.pid !== undefined) {
    return holder.name === undefined ? `pid ${holder.pid}` : `pid ${holder.pid} (${holder.name})`;
  }
  return holder.user === undefined ? "another process" : `a process of ${holder.user}`;
}

/** What a failure to listen on the port of a home means; anything else is given back as it is. */
export async function portProblem(
  { home, port }: Pick<Paths, "home" | "port">,
  thrown: unknown,
): Promise<unknown> {
  const other = port < 65_535 ? port + 1 : 7_778;
  const hint = `Set KORUN_PORT to another port, such as ${other}, for this and every korun command.`;
  switch (systemCode(thrown)) {
    case "EADDRINUSE": {
      const holder = await findPortHolder(port);
      const daemon = holder.pid === undefined ? undefined : await askForDaemon(port);
      // Whoever else says so, through a tunnel or in a container, cannot be ended from here.
      if (daemon !== undefined && daemon.pid === holder.pid) {
        return heldByDaemon(daemon, { home, port, hint });
      }
      const message = `port ${port} is held by ${describeHolder(holder)}`;
      return new Problem("unavailable", message, { hint });
    }
    case "EACCES":
      return new Problem("unavailable", `port ${port} is not for this user to use`, { hint });
    default:
      return thrown;
  }
}

/** One whose home was removed, or replaced, is found by no command: only its port is left. */
function heldByDaemon(
  daemon: OtherDaemon,
  { home, port, hint }: { home: string; port: number; hint: string },
): Problem {
  const held = `port ${port} is held by the korun daemon of ${daemon.home} (pid ${daemon.pid})`;
  const recorded = readRecord(resolvePaths({ KORUN_HOME: daemon.home }))?.pid;
  if (daemon.home === home || recorded !== daemon.pid) {
    return new Problem("unavailable", `${held}, whose home was removed or replaced`, {
      hint:
        "End it, and what it runs, with: " +
        `${stopByPort(port)} (or set KORUN_PORT to another port)`,
    });
  }
  const stop = `KORUN_HOME=${shellWord(daemon.home)} korun daemon stop`;
  return new Problem("unavailable", held, { hint: `${hint} Or end that daemon with: ${stop}` });
}

/** What to type to end a daemon that can be found by its port alone, and its sessions. */
export function stopByPort(port: number): string {
  return `curl -X POST http://127.0.0.1:${port}${DAEMON_STOP}`;
}
