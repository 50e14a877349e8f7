// Waiting for something, but not for ever.

/** What `within` gives for a promise that took too long. */
export const TOO_LATE = Symbol("too late");

/** What a promise gives, or `TOO_LATE` after `ms`. Rejects as the promise does. */
export async function within<T>(ms: number, promise: Promise<T>): Promise<T | typeof TOO_LATE> {
  const late = Promise.withResolvers<typeof TOO_LATE>();
  const timer = setTimeout(() => late.resolve(TOO_LATE), ms);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
