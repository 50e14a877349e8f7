// What a shell makes of a process that a signal ended.

import { constants } from "node:os";
import { EXIT } from "../exit.ts";

/** 128 and the number of a signal such as `SIGTERM`; 1 for one that this system does not have. */
export function exitCodeOfSignal(signal: string): number {
  const number = (constants.signals as Readonly<Record<string, number | undefined>>)[signal];
  return number === undefined ? EXIT.failure : 128 + number;
}
