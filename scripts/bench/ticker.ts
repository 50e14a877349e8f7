// Prints the time of each write, at moments that keep step with nothing.

import { writeSync } from "node:fs";
import { monotonicNs } from "./clock.ts";

for (;;) {
  await Bun.sleep(5 + Math.random() * 20);
  writeSync(1, `T${monotonicNs()}\n`);
}
