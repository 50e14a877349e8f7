// The level of each entry, read in their order: a line that only continues the one before it in its
// stream and run is as serious as that one, and so is each further piece of a line that is too long
// for one entry.

import type { Level } from "../domain/level.ts";
import type { OutputStream } from "../domain/session.ts";
import type { Entry } from "./entry.ts";
import { isContinuation, isHeading, levelOf, PLAIN_LEVEL } from "./level.ts";

/** How serious an entry is, and where it belongs. */
export interface Levelled {
  readonly level: Level;
  /** A further piece of the line before. */
  readonly isPiece: boolean;
  /** Neither that nor a line that continues the one before, or announces one that comes. */
  readonly isMessage: boolean;
}

interface Before {
  readonly run: number;
  readonly level: Level;
  readonly partial: boolean;
  /** An error was announced, and not said yet: it is the next line that is no continuation. */
  readonly isAnnounced: boolean;
}

export class Leveller {
  readonly #before = new Map<OutputStream, Before>();

  /** The level of the next entry, whose plain text this is. */
  judge({ stream, run, partial }: Entry, text: string): Levelled {
    const last = this.#before.get(stream);
    const before = last?.run === run ? last : undefined;
    const isPiece = before?.partial === true;
    const own = isPiece ? undefined : levelOf(text);
    const isMore = isPiece || (own === undefined && isContinuation(text));
    const wasAnnounced = before?.isAnnounced === true;
    const level = own ?? (isMore || wasAnnounced ? before?.level : undefined) ?? PLAIN_LEVEL;
    const isAnnounced = isMore ? wasAnnounced : isHeading(text);
    this.#before.set(stream, { run, level, partial, isAnnounced });
    return { level, isPiece, isMessage: !isMore && !isAnnounced };
  }
}
