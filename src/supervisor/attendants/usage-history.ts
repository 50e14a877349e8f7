// The last while of what a session used, for graphs. Numbers in fixed arrays: less than four KiB
// for a session, however long it runs.

/** Points that are kept: ten minutes of them. */
export const KEPT_POINTS = 120;

/** What a session's processes used at one moment. */
export interface UsagePoint {
  /** Epoch ms. */
  readonly time: number;
  /** Since the point before, as a share of one processor. */
  readonly cpuPercent: number;
  readonly rssBytes: number;
  readonly processes: number;
}

const COLUMNS = 4;

export class UsageHistory {
  #rows: Float64Array | undefined;
  #count = 0;

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  /** Keeps one more, and forgets the oldest when there are too many. */
  push({ time, cpuPercent, rssBytes, processes }: UsagePoint): void {
    this.#rows ??= new Float64Array(KEPT_POINTS * COLUMNS);
    const row = [time, cpuPercent, rssBytes, processes];
    this.#rows.set(row, (this.#count % KEPT_POINTS) * COLUMNS);
    this.#count += 1;
  }

  /** Those that are kept, the oldest first. */
  points(): readonly UsagePoint[] {
    const rows = this.#rows;
    if (rows === undefined) return [];
    const kept = Math.min(this.#count, KEPT_POINTS);
    return Array.from({ length: kept }, (_, place) => {
      const at = ((this.#count - kept + place) % KEPT_POINTS) * COLUMNS;
      const [time = 0, cpuPercent = 0, rssBytes = 0, processes = 0] = rows.subarray(
        at,
        at + COLUMNS,
      );
      return { time, cpuPercent, rssBytes, processes };
    });
  }
}
