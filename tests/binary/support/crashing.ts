// A korun whose daemon kills itself at a named point.

import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CrashPoint } from "../../../src/process/crash-point.ts";
import { Korun } from "../../support/korun.ts";

/** Its daemon kills itself at the point, once, as soon as it is armed. */
export function crashing(point: CrashPoint): { korun: Korun; arm(): void; hasCrashed(): boolean } {
  const korun = new Korun((root) => ({ KORUN_CRASH_AT: `${point}:${root}/crash` }));
  const file = join(korun.root, "crash");
  return {
    korun,
    arm: () => writeFileSync(file, ""),
    hasCrashed: () => !existsSync(file),
  };
}
