// What a user is called.

import { readFileSync } from "node:fs";

/** The login name of a uid, or the uid in words where none is known. */
export function userName(uid: number): string {
  const row = readAccounts().find(([, , id]) => id === String(uid));
  return row?.[0] ?? ownName(uid) ?? `uid ${uid}`;
}

/** Of this process, as its environment says where accounts are kept elsewhere (macOS, LDAP). */
function ownName(uid: number): string | undefined {
  return uid === process.geteuid?.() ? (process.env.USER ?? process.env.LOGNAME) : undefined;
}

function readAccounts(): readonly (readonly string[])[] {
  try {
    const rows = readFileSync("/etc/passwd", "utf8").split("\n");
    return rows.map((row) => row.split(":"));
  } catch {
    return [];
  }
}
