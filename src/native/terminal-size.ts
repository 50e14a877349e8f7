// How large the terminal at a descriptor is. Asking the kernel itself: loading node:tty takes a
// quarter of the time that a whole command takes.

import { openLibc } from "./libc.ts";

const TIOCGWINSZ = 0x5413;

/** In characters; 0 where the terminal does not say. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** Undefined when there is no terminal at `fd`. */
export async function terminalSize(fd: number): Promise<TerminalSize | undefined> {
  if (process.platform === "linux") return askKernel(fd);
  // Elsewhere ioctl takes its third argument where a plain call does not put it.
  const { isatty, WriteStream } = await import("node:tty");
  if (!isatty(fd)) return undefined;
  const { columns, rows } = new WriteStream(fd);
  return { columns, rows };
}

function askKernel(fd: number): TerminalSize | undefined {
  const { ioctl } = openLibc({ ioctl: { args: ["i32", "u64", "ptr"], returns: "i32" } });
  // struct winsize: rows, columns, and both in pixels.
  const size = new Uint16Array(4);
  if (ioctl(fd, TIOCGWINSZ, size) !== 0) return undefined;
  const [rows = 0, columns = 0] = size;
  return { columns, rows };
}
