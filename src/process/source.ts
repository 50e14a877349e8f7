// Which source of process facts this platform has.

import type { ProcessSource } from "./process-info.ts";
import { Procfs } from "./procfs.ts";
import { Ps } from "./ps.ts";

let source: ProcessSource | undefined;

/** The one source of this process, so that what it keeps in mind serves everyone. */
export function processSource(): ProcessSource {
  source ??= process.platform === "linux" ? new Procfs() : new Ps();
  return source;
}
