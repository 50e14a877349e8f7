// Which port to listen on where any will do (`KORUN_PORT=0`): the one that the last daemon of this
// home had, so that whoever talks to it finds the next one too; another only if that is taken.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Paths } from "./paths.ts";

/** The port to try first; undefined where there is none, and where one is asked for. */
export function usualPort({ home, port }: Paths): number | undefined {
  return port === 0 ? lastPort(home) : undefined;
}

/** Remembers a port that was found. What cannot be written is forgotten. */
export function rememberPort({ home, port }: Paths, found: number): void {
  if (port !== 0 || lastPort(home) === found) return;
  try {
    writeFileSync(pathOf(home), `${found}\n`, { mode: 0o600 });
  } catch {
    // A full disk: the next daemon may have another port.
  }
}

function lastPort(home: string): number | undefined {
  try {
    const text = readFileSync(pathOf(home), "latin1").trim();
    const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
    return port > 0 && port <= 65_535 ? port : undefined;
  } catch {
    return undefined; // none was found yet
  }
}

function pathOf(home: string): string {
  return join(home, "daemon.port");
}
