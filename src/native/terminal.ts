// Pseudo-terminals of our own, on Linux: the side that a screen and a keyboard would have (the
// master), and the path at which a child opens the other. The path is never opened here: a terminal
// counts as hung up from the moment that its last opener has closed it.

import { ptr } from "bun:ffi";
import { closeSync } from "node:fs";
import type { TerminalDimensions } from "../domain/session.ts";
import { errno, openLibc } from "./libc.ts";

const O_RDWR = 2;
const O_NOCTTY = 0o400;
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;

const TCGETS = 0x5401;
const TCSETS = 0x5402;
const TIOCGWINSZ = 0x5413;
const TIOCSWINSZ = 0x5414;

/** `struct termios` of the kernel: four sets of flags, a byte, and the special characters. */
const TERMIOS = { words: 16, inputFlags: 0, localFlags: 3, characters: 17 } as const;
const IUTF8 = 0o40000;
const ICANON = 2;
const VEOF = 4;
const CTRL_D = 4;

/** Longer than `/dev/pts/` and any number. */
const PATH_BYTES = 64;

const SYMBOLS = {
  posix_openpt: { args: ["i32"], returns: "i32" },
  grantpt: { args: ["i32"], returns: "i32" },
  unlockpt: { args: ["i32"], returns: "i32" },
  ptsname_r: { args: ["i32", "ptr", "u64"], returns: "i32" },
  ioctl: { args: ["i32", "u64", "ptr"], returns: "i32" },
} as const;

let libc: ReturnType<typeof openLibc<typeof SYMBOLS>> | undefined;

function symbols() {
  if (libc === undefined) {
    libc = openLibc(SYMBOLS);
    // The first look at errno loads its symbol, which may itself change errno.
    errno();
  }
  return libc;
}

/** A terminal that nobody has opened yet. */
export interface OpenedTerminal {
  /** Close-on-exec and non-blocking; the caller's to close, which hangs the terminal up. */
  readonly master: number;
  /** Where a child opens it. */
  readonly path: string;
}

/** How the terminal of a master reads its keyboard now. */
export interface KeyboardMode {
  /** Whether it hands on lines, in which one can still be corrected, or every key. */
  readonly byLine: boolean;
  /** The character that ends the input of a terminal that reads lines. */
  readonly endOfInput: number;
}

/** Whether this system has terminals that a child can be given as its own. */
export function hasTerminals(): boolean {
  return process.platform === "linux";
}

/** Makes a terminal of this size, for text in UTF-8. Throws. */
export function openTerminal(size: TerminalDimensions): OpenedTerminal {
  const { posix_openpt, grantpt, unlockpt } = symbols();
  const master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
  if (master < 0) throw new Error(`the system gives no terminal: errno ${errno()}`);
  try {
    if (grantpt(master) !== 0 || unlockpt(master) !== 0) {
      throw new Error(`the system does not let a terminal be opened: errno ${errno()}`);
    }
    expectUtf8(master);
    resizeTerminal(master, size);
    return { master, path: pathOf(master) };
  } catch (thrown) {
    closeSync(master);
    throw thrown;
  }
}

/** The size of a master's terminal; undefined when there is none at `master`. */
export function dimensionsOf(master: number): TerminalDimensions | undefined {
  // struct winsize: rows, columns, and both in pixels.
  const size = new Uint16Array(4);
  if (symbols().ioctl(master, TIOCGWINSZ, ptr(size)) !== 0) return undefined;
  const [rows = 0, cols = 0] = size;
  return { cols, rows };
}

/** Gives a terminal another size, of which its foreground job learns by SIGWINCH. Throws. */
export function resizeTerminal(master: number, { cols, rows }: TerminalDimensions): void {
  const size = Uint16Array.of(rows, cols, 0, 0);
  if (symbols().ioctl(master, TIOCSWINSZ, ptr(size)) === 0) return;
  throw new Error(`cannot resize a terminal to ${cols}x${rows}: errno ${errno()}`);
}

/** Reads what the child has made of its terminal. */
export function keyboardModeOf(master: number): KeyboardMode {
  const modes = new Uint32Array(TERMIOS.words);
  if (symbols().ioctl(master, TCGETS, ptr(modes)) !== 0) {
    return { byLine: false, endOfInput: CTRL_D };
  }
  const character = new Uint8Array(modes.buffer)[TERMIOS.characters + VEOF] ?? 0;
  return {
    byLine: ((modes[TERMIOS.localFlags] ?? 0) & ICANON) !== 0,
    // 0 is how a terminal says that no character means this.
    endOfInput: character === 0 ? CTRL_D : character,
  };
}

/** Otherwise correcting a typed line would take half a letter away. */
function expectUtf8(master: number): void {
  const { ioctl } = symbols();
  const modes = new Uint32Array(TERMIOS.words);
  if (ioctl(master, TCGETS, ptr(modes)) !== 0) return;
  modes[TERMIOS.inputFlags] = (modes[TERMIOS.inputFlags] ?? 0) | IUTF8;
  ioctl(master, TCSETS, ptr(modes));
}

function pathOf(master: number): string {
  const path = Buffer.alloc(PATH_BYTES);
  const failure = symbols().ptsname_r(master, ptr(path), path.length);
  if (failure !== 0) throw new Error(`a terminal has no path: errno ${failure}`);
  return path.toString("utf8", 0, path.indexOf(0));
}
