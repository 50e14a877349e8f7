// The machine that results were got on, in words that tell nothing of whose it is.

import { availableParallelism, release, totalmem } from "node:os";

export function describeMachine(): string {
  const cores = availableParallelism();
  const memory = Math.round(totalmem() / 2 ** 30);
  const kernel = release().split(".", 2).join(".");
  return `${cores} ${process.arch} cores, ${memory} GiB of memory, Linux ${kernel}, Bun ${Bun.version}`;
}
