// A terminal that hands on every key as it is and shows every byte as it comes. Bun's own raw mode
// goes on making a carriage return of each newline, which is wrong for what another terminal wrote.

import { ptr } from "bun:ffi";
import { openLibc } from "./libc.ts";

/** Larger than `struct termios` is anywhere. */
const TERMIOS_BYTES = 256;

const TCSANOW = 0;

/** Makes the terminal at `fd` raw; gives what makes it as it was. Undefined: there is none. */
export function makeRaw(fd: number): (() => void) | undefined {
  const { tcgetattr, tcsetattr, cfmakeraw } = openLibc({
    tcgetattr: { args: ["i32", "ptr"], returns: "i32" },
    tcsetattr: { args: ["i32", "i32", "ptr"], returns: "i32" },
    cfmakeraw: { args: ["ptr"], returns: "void" },
  });
  const before = new Uint8Array(TERMIOS_BYTES);
  if (tcgetattr(fd, ptr(before)) !== 0) return undefined;
  const raw = before.slice();
  cfmakeraw(ptr(raw));
  tcsetattr(fd, TCSANOW, ptr(raw));
  return () => void tcsetattr(fd, TCSANOW, ptr(before));
}
