// Tests wait for conditions, never for time.

/** Longest wait of a test for anything, in ms: generous, since a slow machine is no failure. */
const DEADLINE_MS = 30_000;

/**
 * Polls until `condition` gives something truthy, and returns it.
 * Throws with `what` after 30 s, with the last thing the condition threw as its cause.
 */
export async function waitFor<T>(
  what: string,
  condition: () => T | Promise<T>,
): Promise<NonNullable<T>> {
  const deadline = performance.now() + DEADLINE_MS;
  let failure: unknown;
  while (performance.now() < deadline) {
    try {
      const value = await condition();
      if (value) return value;
      failure = undefined;
    } catch (thrown) {
      failure = thrown;
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`waited 30 s for ${what}`, { cause: failure });
}
