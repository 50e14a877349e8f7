// Flags of descriptors that others opened.

import { openLibc } from "./libc.ts";

const F_SETFD = 2;
const F_GETFL = 3;
const F_SETFL = 4;
const FD_CLOEXEC = 1;
const O_NONBLOCK = process.platform === "darwin" ? 4 : 0o4000;

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
