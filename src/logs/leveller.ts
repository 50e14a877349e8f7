// The level of each entry, read in their order: a line that only continues the one before it in its
// stream and run is as serious as that one, and so is each further piece of a line that is too long
// for one entry.

import type { Level } from "../domain/level.ts";
import type { OutputStream } from "../domain/session.ts";
import { type Context, roleOf } from "./continuation.ts";
import type { Entry } from "./entry.ts";
import { levelOf, PLAIN_LEVEL } from "./level.ts";

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
  readonly context: Context;
}

const NOTHING = { level: PLAIN_LEVEL, partial: false, context: "nothing" } as const;

export class Leveller {
  readonly #before = new Map<OutputStream, Before>();

  /** The level of the next entry, whose plain text this is. */
  judge({ stream, run, partial }: Entry, text: string): Levelled {
    const last = this.#before.get(stream);
    const before = last?.run === run ? last : { ...NOTHING, run };
    if (before.partial) {
      this.#before.set(stream, { ...before, partial });
      return { level: before.level, isPiece: true, isMessage: false };
    }
    const stated = levelOf(text);
    const { kind, context } = roleOf(text, stated, before);
    const level = levelIn(before, kind === "more", stated);
    this.#before.set(stream, { run, level, partial, context });
    return { level, isPiece: false, isMessage: kind === "message" };
  }
}

/** What continues a message has its level; what was announced has that of the announcement. */
function levelIn(before: Before, isMore: boolean, stated: Level | undefined): Level {
  if (isMore || before.context === "panic") return before.level;
  return stated ?? (before.context === "trace" ? before.level : PLAIN_LEVEL);
}
