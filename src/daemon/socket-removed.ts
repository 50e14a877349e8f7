// A daemon that lives and serves, but whose socket somebody has removed: no command finds it, and
// none can start another beside it. Its port is left.

import { existsSync } from "node:fs";
import { Problem } from "../domain/problem.ts";
import type { Paths } from "./paths.ts";
import { findPortHolder, stopByPort } from "./port-holder.ts";
import { readRecord } from "./record.ts";

/** That this is so of the daemon of a home, with the way out; undefined where it is not. */
export async function socketRemoved(paths: Paths): Promise<Problem | undefined> {
  const record = readRecord(paths);
  if (record === undefined || existsSync(record.socket)) return undefined;
  const { pid, port, socket } = record;
  if ((await findPortHolder(port)).pid !== pid) return undefined;
  return new Problem(
    "unavailable",
    `the socket of the daemon (pid ${pid}) was removed: ${socket}`,
    {
      hint: `Only its port is left. End it and its sessions with: ${stopByPort(port)}`,
    },
  );
}
