// A log in a few lines: how many messages of which level, the last errors, and what was said again
// and again. Two lines are the same when they differ only in numbers, times and ids.

import { LEVELS, type Level } from "../domain/level.ts";
import type { LogStream } from "../domain/session.ts";
import type { Entry } from "./entry.ts";
import { Leveller } from "./leveller.ts";
import type { Merge, Portion } from "./merge.ts";
import type { PagedLog } from "./page.ts";
import { plainText } from "./plain.ts";
import { isSliceOver, nextSlice } from "./turn.ts";

/** Of what to make it. */
export interface DigestQuery {
  readonly stream: LogStream;
  /** Only what this run wrote. */
  readonly run: number | undefined;
  /** Only what came at this time or later; epoch ms. */
  readonly sinceMs: number | undefined;
  /** Aborted when nobody waits for it any more: the reading then throws its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Lines that are the same but for numbers, times and ids. */
export interface Repeated {
  readonly count: number;
  readonly level: Level;
  /** What they have in common. */
  readonly shape: string;
  readonly firstSeq: number;
  /** The last of them. */
  readonly last: Entry;
}

export interface Digest {
  /** All entries that were read. */
  readonly lines: number;
  /** Nothing of what was asked for is gone. */
  readonly isComplete: boolean;
  /** Messages by level; what only continues one is no message of its own. */
  readonly levels: Readonly<Record<Level, number>>;
  /** The last ones that differ, the newest last. */
  readonly errors: readonly Repeated[];
  /** What came twice or more, the most frequent first. */
  readonly repeated: readonly Repeated[];
  readonly nextSeq: number;
}

/** How many errors are shown, and how many repeated lines. */
const SHOWN = 10;

/** How many lines that differ are counted apart: the first that come; of errors, the last. */
const MOST_SHAPES = 5_000;

const BATCH: Portion = { entries: 200, bytes: 65_536 };

/** Reads all that is held of what was asked for, in slices. */
export async function digestLog(query: DigestQuery, log: PagedLog): Promise<Digest> {
  const { stream, run, sinceMs = 0, signal } = query;
  const { until } = log;
  const view = log.view(stream, until);
  const merge = run === undefined ? view : view.ofRun(run);
  const digester = new Digester();
  let isComplete = isWhole(merge, query);
  for (let batch = merge.take(BATCH); batch.length > 0; batch = merge.take(BATCH)) {
    for (const entry of batch) {
      if (isSliceOver()) {
        await nextSlice();
        signal?.throwIfAborted();
      }
      if (entry.time >= sinceMs) digester.add(entry);
      else isComplete = true;
    }
  }
  return { ...digester.result(), isComplete: isComplete && merge.lost === 0, nextSeq: until };
}

/** Whether nothing that was asked for came before what is held. */
function isWhole(merge: Merge, { run }: DigestQuery): boolean {
  let isWhole = true;
  merge.eachStart((ring, next) => {
    if (next === 0) return;
    const before = ring.read(next - 1);
    if (before === undefined || run === undefined || before.run === run) isWhole = false;
  });
  return isWhole;
}

interface Counted {
  count: number;
  readonly level: Level;
  readonly firstSeq: number;
  last: Entry;
}

class Digester {
  readonly #leveller = new Leveller();
  readonly #levels = Object.fromEntries(LEVELS.map((level) => [level, 0])) as Record<Level, number>;
  readonly #shapes = new Map<string, Counted>();
  /** In the order in which they came last. */
  readonly #errors = new Map<string, Counted>();
  #lines = 0;

  add(entry: Entry): void {
    const text = plainText(entry.bytes);
    const { level, isMessage } = this.#leveller.judge(entry, text);
    this.#lines += 1;
    if (!isMessage) return;
    this.#levels[level] += 1;
    const shape = shapeOf(text);
    if (shape === "") return;
    count(this.#shapes, shape, { entry, level });
    if (level !== "error") return;
    const known = this.#errors.get(shape);
    this.#errors.delete(shape);
    if (known !== undefined) this.#errors.set(shape, known);
    else if (this.#errors.size >= MOST_SHAPES) this.#forgetOldestError();
    count(this.#errors, shape, { entry, level });
  }

  /** The last ones are shown, so it is the first ones that give way. */
  #forgetOldestError(): void {
    for (const shape of this.#errors.keys()) {
      this.#errors.delete(shape);
      return;
    }
  }

  result(): Omit<Digest, "isComplete" | "nextSeq"> {
    const all = [...this.#shapes].filter(([, { count: times }]) => times > 1);
    all.sort(([, one], [, other]) => other.count - one.count || other.last.seq - one.last.seq);
    return {
      lines: this.#lines,
      levels: this.#levels,
      errors: [...this.#errors].slice(-SHOWN).map(repeatedOf),
      repeated: all.slice(0, SHOWN).map(repeatedOf),
    };
  }
}

function count(
  shapes: Map<string, Counted>,
  shape: string,
  { entry, level }: { entry: Entry; level: Level },
): void {
  const counted = shapes.get(shape);
  if (counted !== undefined) {
    counted.count += 1;
    counted.last = entry;
  } else if (shapes.size < MOST_SHAPES) {
    shapes.set(shape, { count: 1, level, firstSeq: entry.seq, last: entry });
  }
}

function repeatedOf([shape, counted]: [string, Counted]): Repeated {
  return { shape, ...counted };
}

/** So much of a line tells it from others. */
const SHAPE_LENGTH = 300;

const DATE = "\\d{4}[-/]\\d\\d[-/]\\d\\d";
const CLOCK = "\\d{1,2}:\\d\\d:\\d\\d(?:[.,]\\d+)?(?:Z|[+-]\\d\\d:?\\d\\d)?";
const UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
const HEX = "0x[0-9a-f]+|\\b(?=[0-9a-f]*[a-f])(?=[0-9a-f]*\\d)[0-9a-f]{7,64}\\b";
const NUMBER = "\\d+(?:[.,]\\d+)*";

/** What varies from line to line; the group that matched says what it is. */
const VARYING = new RegExp(
  `(${DATE}[T ]${CLOCK}|${CLOCK}|${DATE})|(${UUID})|(${HEX})|(${NUMBER})`,
  "gi",
);

/** A line with its times, ids and numbers left open: `GET /users/<n> <n>ms`. */
export function shapeOf(text: string): string {
  const start = text.slice(0, SHAPE_LENGTH).trim();
  return start.replace(VARYING, (_, time, uuid, hex) => {
    if (time !== undefined) return "<time>";
    if (uuid !== undefined) return "<uuid>";
    return hex === undefined ? "<n>" : "<hex>";
  });
}
