// How large a page of memory is here.

import { openLibc } from "./libc.ts";

const SC_PAGESIZE = process.platform === "darwin" ? 29 : 30;

let bytes: number | undefined;

/** The kernel's page, in bytes. */
export function pageSize(): number {
  if (bytes === undefined) {
    const libc = openLibc({ sysconf: { args: ["i32"], returns: "i32" } });
    bytes = libc.sysconf(SC_PAGESIZE);
  }
  return bytes;
}
