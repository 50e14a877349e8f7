// Reads the daemon's own log from its files, since it is wanted most when no daemon answers.

import { existsSync, readFileSync, statSync } from "node:fs";
import { olderLog } from "../../daemon/daemon-log.ts";
import { Problem } from "../../domain/problem.ts";
import { EXIT } from "../exit.ts";
import { whileRead } from "../logs/show-log.ts";
import { printOut, writeAll } from "./print.ts";

/** How often to look for more, in ms. */
const LOOK_MS = 250;

/** Shows the newest lines of the log, then what is added to it. Gives the exit code. */
export async function showDaemonLog(
  path: string,
  { limit, follow }: { readonly limit: number; readonly follow: boolean },
): Promise<number> {
  if (!follow && !existsSync(path)) {
    throw new Problem("not_found", `there is no log yet at ${path}`, {
      hint: "`korun daemon start` starts the daemon that writes it.",
    });
  }
  const now = contents(path);
  printOut(newest(Buffer.concat([contents(olderLog(path)), now]), limit));
  if (!follow) return EXIT.ok;
  return await whileRead((signal) => followFile(path, { from: now.length, signal }));
}

async function followFile(
  path: string,
  { from, signal }: { from: number; signal: AbortSignal },
): Promise<void> {
  for (let shown = from; !signal.aborted; await Bun.sleep(LOOK_MS)) {
    if (sizeOf(path) === shown) continue;
    const now = contents(path);
    // It was set aside and begun anew: what was not shown yet is in the older part.
    if (now.length < shown) {
      await writeAll(1, contents(olderLog(path)).subarray(shown));
      shown = 0;
    }
    await writeAll(1, now.subarray(shown));
    shown = now.length;
  }
}

function contents(path: string): Buffer {
  return existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** The last `limit` lines; the log is bounded, so this may look at all of it. */
function newest(log: Buffer, limit: number): string {
  const lines = log.toString("utf8").split(/(?<=\n)/);
  return limit === 0 ? "" : lines.slice(-limit).join("");
}
