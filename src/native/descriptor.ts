// Descriptors that are open: copies of them, and their flags.

import { readdirSync } from "node:fs";
import { openLibc } from "./libc.ts";

const F_SETFD = 2;
const F_GETFL = 3;
const F_SETFL = 4;
const F_SETPIPE_SZ = 1031;
const F_GETPIPE_SZ = 1032;
const F_DUPFD_CLOEXEC = process.platform === "darwin" ? 67 : 1030;
const FD_CLOEXEC = 1;
const O_NONBLOCK = process.platform === "darwin" ? 4 : 0o4000;
/** Above stdin, stdout and stderr. */
const FIRST_OWN = 3;

const SYMBOLS = { fcntl: { args: ["i32", "i32", "i32"], returns: "i32" } } as const;

let libc: ReturnType<typeof openLibc<typeof SYMBOLS>> | undefined;

/** Whether a descriptor goes with this program's end, or stays for the one it becomes. */
export function setCloseOnExec(fd: number, closes: boolean): void {
  libc ??= openLibc(SYMBOLS);
  libc.fcntl(fd, F_SETFD, closes ? FD_CLOEXEC : 0);
}

/** From now on a write that would have to wait fails with `EAGAIN`. */
export function setNonBlocking(fd: number): void {
  libc ??= openLibc(SYMBOLS);
  libc.fcntl(fd, F_SETFL, libc.fcntl(fd, F_GETFL, 0) | O_NONBLOCK);
}

/** How many bytes a pipe holds, rounded up to what the system can do. Linux only; else as it is. */
export function setPipeCapacity(fd: number, bytes: number): void {
  if (process.platform !== "linux") return;
  libc ??= openLibc(SYMBOLS);
  libc.fcntl(fd, F_SETPIPE_SZ, bytes);
}

/** How many bytes a pipe holds; undefined for what is none, and where the system does not tell. */
export function pipeCapacity(fd: number): number | undefined {
  if (process.platform !== "linux") return undefined;
  libc ??= openLibc(SYMBOLS);
  const bytes = libc.fcntl(fd, F_GETPIPE_SZ, 0);
  return bytes < 0 ? undefined : bytes;
}

/** Another descriptor of the same open file, close-on-exec, the caller's to close. Throws. */
export function copyDescriptor(fd: number): number {
  libc ??= openLibc(SYMBOLS);
  const copy = libc.fcntl(fd, F_DUPFD_CLOEXEC, FIRST_OWN);
  if (copy < 0) throw new Error(`cannot copy descriptor ${fd}`);
  return copy;
}

/** No program started from here on inherits what is open now, but for stdin, stdout and stderr. */
export function closeAllOnExec(): void {
  for (const name of readdirSync("/dev/fd")) {
    if (Number(name) >= FIRST_OWN) setCloseOnExec(Number(name), true);
  }
}
