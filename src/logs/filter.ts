// Which entries are wanted: those that contain something, are serious enough, came at a time. An
// entry is judged as plain text, and on its own, but for two things. A line that only continues the
// one before it in its stream (a stack trace) is as serious as that one. And of a line that is too
// long for one entry, all that follows a piece that is wanted is wanted too, so that no line of
// text ever goes on with another one.

import { isAtLeast, type Level } from "../domain/level.ts";
import type { OutputStream } from "../domain/session.ts";
import { mayContinue } from "./continuation.ts";
import type { Entry } from "./entry.ts";
import { Leveller } from "./leveller.ts";
import type { Pattern } from "./pattern.ts";
import { plainText } from "./plain.ts";
import type { RingReader } from "./ring-reader.ts";

export interface LogFilter {
  /** All of these are in it. */
  readonly patterns: readonly Pattern[];
  /** At least so serious. */
  readonly level?: Level | undefined;
  /** It came at this time or later; epoch ms. */
  readonly sinceMs?: number | undefined;
  /** It came before this time; epoch ms. */
  readonly untilMs?: number | undefined;
}

/** Most entries to look back over for the beginning of a line or of a stack trace. */
const LOOK_BACK = 200;

/** Judges entries in their order. */
export class Sieve {
  readonly #filter: LogFilter;
  readonly #leveller = new Leveller();
  /** Whether the entry before was wanted, for each stream. */
  readonly #kept = new Map<OutputStream, boolean>();

  constructor(filter: LogFilter) {
    this.#filter = filter;
  }

  /** Looks back at what comes before an entry, so that its first lines are judged as they should. */
  prime(ring: RingReader, next: number): void {
    const before: Entry[] = [];
    let messages = 0;
    while (before.length < Math.min(LOOK_BACK, next)) {
      const entry = ring.read(next - before.length - 1);
      if (entry === undefined) break;
      const [newer] = before;
      // Only the entry before it tells that it begins its line.
      if (newer !== undefined && !entry.partial && this.#beginsMessage(newer)) messages += 1;
      if (messages === this.#messagesBefore) break;
      before.unshift(entry);
    }
    for (const entry of before) this.keeps(entry);
  }

  /** Whether an entry is wanted. */
  keeps(entry: Entry): boolean {
    const { patterns, level: least } = this.#filter;
    const isRead = patterns.length > 0 || least !== undefined;
    const text = isRead ? plainText(entry.bytes) : "";
    const { level, isPiece } = this.#leveller.judge(entry, text);
    const kept =
      (isPiece && this.#kept.get(entry.stream) === true) ||
      (this.#isTimely(entry) &&
        (least === undefined || isAtLeast(level, least)) &&
        patterns.every((pattern) => pattern.test(text)));
    this.#kept.set(entry.stream, kept);
    return kept;
  }

  #isTimely({ time }: Entry): boolean {
    const { sinceMs, untilMs } = this.#filter;
    return (sinceMs === undefined || time >= sinceMs) && (untilMs === undefined || time < untilMs);
  }

  /** A message may be announced by the one before it, which has to be read as well then. */
  get #messagesBefore(): number {
    return this.#filter.level === undefined ? 1 : 2;
  }

  #beginsMessage(entry: Entry): boolean {
    return this.#filter.level === undefined || !mayContinue(plainText(entry.bytes));
  }
}
