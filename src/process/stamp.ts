// A session's processes carry its id in their environment. But some programs write over theirs (nginx
// and PostgreSQL keep their titles there), some start others with none, and many leave their parent
// and its group behind. So they carry a second sign: a limit that means nothing to them, is inherited
// through fork and exec, and can be read by anyone. How long a realtime process may run without
// sleeping is never limited to a hundred thousand years in earnest. Linux only.

/** The least of all stamps, in µs. */
export const FIRST_STAMP: bigint = 1n << 62n;

const STAMPS = 1n << 60n;

/** The stamp of a session, or of whatever else is named so. */
export function stampOf(sessionId: string): bigint {
  const hash = new Bun.CryptoHasher("sha256").update(sessionId).digest();
  return FIRST_STAMP + (hash.readBigUInt64BE() % STAMPS);
}

/** The stamp in the content of `/proc/<pid>/limits`, if there is one. */
export function stampIn(limits: string): bigint | undefined {
  const soft = /^Max realtime timeout +(\d+)/m.exec(limits)?.[1];
  if (soft === undefined) return undefined;
  const value = BigInt(soft);
  return value >= FIRST_STAMP && value < FIRST_STAMP + STAMPS ? value : undefined;
}
