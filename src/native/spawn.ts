// Starting a process that leads a session and has a terminal as its own. Bun starts one or the
// other: a session's leader takes a terminal as its own when it opens it, and Bun can only hand
// over what is open already. So the C library does it, by posix_spawn(3).
//
// Bun knows nothing of such a child: whoever starts it has to reap it.

import { ptr } from "bun:ffi";
import { constants } from "node:os";
import { closeAllOnExec } from "./descriptor.ts";
import { openLibc } from "./libc.ts";

const O_RDWR = 2;
const POSIX_SPAWN_SETSIGDEF = 0x04;
const POSIX_SPAWN_SETSIGMASK = 0x08;
const POSIX_SPAWN_SETSID = 0x80;

/** Of the library's own structures: the largest, with glibc, is 336. */
const OPAQUE_BYTES = 1_024;
const SIGNAL_SET_BYTES = 128;

const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;

const SYMBOLS = {
  posix_spawn: { args: ["ptr", "ptr", "ptr", "ptr", "ptr", "ptr"], returns: "i32" },
  posix_spawn_file_actions_init: { args: ["ptr"], returns: "i32" },
  posix_spawn_file_actions_addchdir_np: { args: ["ptr", "ptr"], returns: "i32" },
  posix_spawn_file_actions_addopen: { args: ["ptr", "i32", "ptr", "i32", "u32"], returns: "i32" },
  posix_spawn_file_actions_adddup2: { args: ["ptr", "i32", "i32"], returns: "i32" },
  posix_spawn_file_actions_destroy: { args: ["ptr"], returns: "i32" },
  posix_spawnattr_init: { args: ["ptr"], returns: "i32" },
  posix_spawnattr_setflags: { args: ["ptr", "i16"], returns: "i32" },
  posix_spawnattr_setsigdefault: { args: ["ptr", "ptr"], returns: "i32" },
  posix_spawnattr_setsigmask: { args: ["ptr", "ptr"], returns: "i32" },
  posix_spawnattr_destroy: { args: ["ptr"], returns: "i32" },
} as const;

type Libc = ReturnType<typeof openLibc<typeof SYMBOLS>>;

let libc: Libc | undefined;

export interface TerminalSpawn {
  /** What to execute: a path with a slash, relative to `cwd` or absolute. */
  readonly program: string;
  /** All arguments, the name of the program first. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Absolute. */
  readonly cwd: string;
  /** The terminal that it is to have, as stdin, stdout and stderr. */
  readonly terminal: string;
}

/**
 * Starts a process at the head of a session and group of its own, with every signal at its default
 * and no descriptor but its terminal. Returns its pid; throws an error that has the system's code.
 */
export function spawnOnTerminal(request: TerminalSpawn): number {
  libc ??= openLibc(SYMBOLS);
  const memory = new CMemory();
  const actions = memory.room(OPAQUE_BYTES);
  const attributes = memory.room(OPAQUE_BYTES);
  libc.posix_spawn_file_actions_init(actions);
  libc.posix_spawnattr_init(attributes);
  try {
    // Relative to its folder, as the child is to see the path of its program.
    check(libc.posix_spawn_file_actions_addchdir_np(actions, memory.text(request.cwd)));
    const terminal = memory.text(request.terminal);
    // After it has become the leader of a session: so this opening makes the terminal its own.
    check(libc.posix_spawn_file_actions_addopen(actions, STDIN, terminal, O_RDWR, 0));
    check(libc.posix_spawn_file_actions_adddup2(actions, STDIN, STDOUT));
    check(libc.posix_spawn_file_actions_adddup2(actions, STDIN, STDERR));
    setSignals(libc, attributes, memory);
    const variables = Object.entries(request.env).map(([name, value]) => `${name}=${value}`);
    const [argv, envp] = [memory.texts(request.args), memory.texts(variables)];
    const pid = new Int32Array(1);
    closeAllOnExec();
    const program = memory.text(request.program);
    check(libc.posix_spawn(ptr(pid), program, actions, attributes, argv, envp));
    return pid[0] ?? 0;
  } finally {
    libc.posix_spawn_file_actions_destroy(actions);
    libc.posix_spawnattr_destroy(attributes);
  }
}

function setSignals(library: Libc, attributes: Address, memory: CMemory): void {
  // Not by sigfillset, which leaves out what the library keeps to itself: it would stay ignored.
  const all = memory.room(SIGNAL_SET_BYTES, 0xff);
  check(library.posix_spawnattr_setsigdefault(attributes, all));
  check(library.posix_spawnattr_setsigmask(attributes, memory.room(SIGNAL_SET_BYTES)));
  const flags = POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
  check(library.posix_spawnattr_setflags(attributes, flags));
}

function check(failure: number): void {
  if (failure === 0) return;
  const code = Object.entries(constants.errno).find(([, number]) => number === failure)?.[0];
  throw Object.assign(new Error(`posix_spawn failed: errno ${failure}`), { code });
}

type Address = ReturnType<typeof ptr>;

/** What the library reads and writes, kept for as long as this object is. */
class CMemory {
  readonly #kept: NodeJS.TypedArray[] = [];

  room(bytes: number, filler = 0): Address {
    return this.#keep(new Uint8Array(bytes).fill(filler));
  }

  text(text: string): Address {
    return this.#keep(Buffer.from(`${text}\0`));
  }

  /** The addresses of texts, ended by a null. */
  texts(texts: readonly string[]): Address {
    const addresses = texts.map((text) => BigInt(this.text(text)));
    return this.#keep(BigUint64Array.from([...addresses, 0n]));
  }

  #keep(array: NodeJS.TypedArray): Address {
    this.#kept.push(array);
    return ptr(array);
  }
}
