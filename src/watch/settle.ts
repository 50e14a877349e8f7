// When to look at a path that events name. At once, then again when it has been quiet: what was
// seen at first may be half of a save (a temporary file, a truncated one, one just unlinked), and
// Bun drops an event that repeats another within about 4 ms, so the last of a burst may be missing.
// Time is given, never read.

/** How long a path must be quiet before what is there, or is not, is taken for meant. */
export const SETTLE_MS = 20;

interface Pending {
  dueAt: number;
  /** Events came after the last look. */
  again: boolean;
}

export class Settle {
  /** In the order they fall due: every wait is equally long. */
  readonly #pending = new Map<string, Pending>();

  /** An event names `path`. Says whether to look at it now; if not, it falls due soon. */
  touch(path: string, now: number): boolean {
    const pending = this.#pending.get(path);
    if (pending !== undefined) {
      pending.again = true;
      return false;
    }
    this.#pending.set(path, { dueAt: now + SETTLE_MS, again: false });
    return true;
  }

  /** The paths to look at again by now. One that was touched since stays pending. */
  due(now: number): readonly string[] {
    const due: string[] = [];
    for (const [path, pending] of this.#pending) {
      if (pending.dueAt > now) break;
      due.push(path);
    }
    for (const path of due) {
      const again = this.#pending.get(path)?.again === true;
      this.#pending.delete(path);
      if (again) this.touch(path, now);
    }
    return due;
  }

  /** When the next path falls due, undefined if none is pending. */
  nextAt(): number | undefined {
    for (const pending of this.#pending.values()) return pending.dueAt;
    return undefined;
  }
}
