// Becoming another program in place: the same process, with its children and with the descriptors
// that are meant to stay.

import { ptr } from "bun:ffi";
import { setCloseOnExec } from "./descriptor.ts";
import { errno, openLibc } from "./libc.ts";

const SYMBOLS = { execve: { args: ["ptr", "ptr", "ptr"], returns: "i32" } } as const;

let libc: ReturnType<typeof openLibc<typeof SYMBOLS>> | undefined;

export interface Program {
  /** Absolute path of an executable. */
  readonly path: string;
  /** All arguments, the name of the program first. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Descriptors that stay open. */
  readonly keep: readonly number[];
}

/** Never returns, unless the system refuses: then with its error number, and nothing changed. */
export function becomeProgram(program: Program): number {
  libc ??= openLibc(SYMBOLS);
  const path = cString(program.path);
  const args = program.args.map(cString);
  const env = Object.entries(program.env)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => cString(`${name}=${value}`));
  const [argv, envp] = [pointers(args), pointers(env)];
  errno();
  for (const fd of program.keep) setCloseOnExec(fd, false);
  libc.execve(ptr(path), ptr(argv), ptr(envp));
  const failure = errno();
  for (const fd of program.keep) setCloseOnExec(fd, true);
  return failure;
}

function cString(text: string): Buffer {
  return Buffer.from(`${text}\0`);
}

/** The addresses of `strings`, which must outlive their use, ended by a null. */
function pointers(strings: readonly Buffer[]): BigUint64Array {
  return BigUint64Array.from([...strings.map((string) => BigInt(ptr(string))), 0n]);
}
