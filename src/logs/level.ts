// How serious a line is, by the shapes in which programs say so: `ERROR`, `[error]`, `warn:`,
// `level=warn`, `"level":"error"`, `E0412 …`, pino's numbers, the first line of an uncaught fault.
// Pure. A word in a sentence is no level: it counts as a label, near the start of its line.

import { LEVELS, type Level } from "../domain/level.ts";

/** A line that states no level, and continues none, counts as this. */
export const PLAIN_LEVEL: Level = "info";

/** Only so much of a line is looked at. */
const LOOKED_AT = 1_000;

const WORDS: ReadonlyMap<string, Level> = new Map(
  Object.entries({
    trace: "trace trc trce verbose silly finest finer",
    debug: "debug dbg dbug debu fine",
    info: "info inf information notice log",
    warn: "warn warning wrn caution",
    error:
      "error err erro eror fatal ftl fata fail critical crit alert emerg emergency panic severe",
  } satisfies Record<Level, string>).flatMap(([level, words]) =>
    words.split(" ").map((word) => [word, level as Level] as const),
  ),
);

const LETTERS: ReadonlyMap<string, Level> = new Map([
  ["V", "trace"],
  ["T", "trace"],
  ["D", "debug"],
  ["I", "info"],
  ["W", "warn"],
  ["E", "error"],
  ["F", "error"],
]);

/** The level that a line states, or undefined. It is to be plain text, without escape sequences. */
export function levelOf(text: string): Level | undefined {
  const line = text.slice(0, LOOKED_AT);
  return (
    jsonLevel(text) ??
    keyedLevel(line) ??
    letterLevel(line) ??
    framedLevel(line) ??
    labelLevel(line) ??
    faultLevel(line)
  );
}

/** Whether a line is the first that an uncaught fault says, not what a program logs with a level. */
export function isFault(text: string): boolean {
  return FAULT.test(text.slice(0, LOOKED_AT));
}

const LEVEL_KEY = /^(?:log[._]?level|level|level_?name|lvl|severity|@l)$/i;

/** Of a line that is one object: its own, wherever it stands, and not what its message quotes. */
function jsonLevel(text: string): Level | undefined {
  if (!text.startsWith("{") || !text.endsWith("}")) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  for (const [key, stated] of Object.entries(value ?? {})) {
    if (!LEVEL_KEY.test(key)) continue;
    const level = typeof stated === "number" ? numberedLevel(stated) : WORDS.get(lower(stated));
    if (level !== undefined) return level;
  }
  return mongoLevel(value);
}

/** MongoDB's: `"s":"E"`, `"s":"D2"`. Others say `s` for anything, but with no `ctx` beside it. */
function mongoLevel(value: unknown): Level | undefined {
  const { s: stated, ctx } = Object(value) as { readonly s?: unknown; readonly ctx?: unknown };
  if (typeof stated !== "string" || typeof ctx !== "string") return undefined;
  return /^(?:[FEWI]|D[1-5])$/.test(stated) ? LETTERS.get(stated.charAt(0)) : undefined;
}

function lower(value: unknown): string {
  return typeof value === "string" ? value.toLowerCase() : "";
}

/** A value of several words, in which whatever looks like a level is quoted. */
const QUOTED = /="(?:[^"\\]|\\.)*"?/g;

/** `level=warn`, `"severity": "ERROR"`, `'levelname': 'INFO'`. */
const KEYED =
  /(?:^|[\s,{(["'])(?:log[._]?level|level|level_?name|lvl|severity|@l)["']?\s*[:=]\s*["']?([a-z]{3,11})(?![\w-])/i;

/** Of pino and bunyan: `"level":50`. */
const NUMBERED = /[{,]\s*"level":\s*([1-6]\d)\b/;

function keyedLevel(line: string): Level | undefined {
  const stated = line.replace(QUOTED, (value) => (/\s/.test(value) ? '=""' : value));
  const word = KEYED.exec(stated)?.[1];
  if (word !== undefined) return WORDS.get(word.toLowerCase());
  const number = NUMBERED.exec(stated)?.[1];
  return number === undefined ? undefined : numberedLevel(Number(number));
}

function numberedLevel(number: number): Level | undefined {
  if (number < 10 || number > 69) return undefined;
  return LEVELS[Math.min(Math.floor(number / 10), LEVELS.length) - 1];
}

/** `E0412 12:00:00 …` of Go's glog, `E/Tag: …` and `03-16 12:00:00.0 1 2 E …` of Android, `[E 12:00 …]`. */
const LETTERED =
  /^(?:([IWEF])\d{4} \d\d:\d\d|([VDIWEF])\/|\d\d-\d\d \d\d:\d\d:\d\d\.\d+ +\d+ +\d+ ([VDIWEF]) |\[([VTDIWEF])[\] ])/;

function letterLevel(line: string): Level | undefined {
  const match = LETTERED.exec(line);
  const letter = match?.slice(1).find((group) => group !== undefined);
  return letter === undefined ? undefined : LETTERS.get(letter);
}

/** `[2026-03-16 12:00:00,123: ERROR/Main]` of Celery, `[2026-03-16 12:00:00] local.ERROR: …` of Laravel. */
const FRAMED =
  /^\[\d{4}-\d\d-\d\d[T ][\d:.,+Z-]+(?: ([A-Z]{3,9})\/[\w.:@-]+\]|\] [\w-]+\.([A-Z]{3,9}): )/;

function framedLevel(line: string): Level | undefined {
  const match = FRAMED.exec(line);
  return match === null ? undefined : WORDS.get(lower(match[1] ?? match[2]));
}

/** A level may come after a time, a thread, a source: after so many pieces, … */
const PIECES = 9;
/** … of which so many may be plain words, such as the name of a service. */
const PLAIN_WORDS = 2;

/** `ERROR`, `[warn]`, `info:`, `error[E0412]:`, `ERR!`, `WARNING:root:…`, `[core:error]`. */
const LABEL =
  /^([[(<"]?)(?:(?<=\[)[\w.-]+:)?([A-Za-z]{3,11})!?([\])>"]?)(?:\[[\w-]+\])?([:|,\]].*)?$/;

/** After these a level stands as it is: a time, a place in a file, npm. */
const INTRODUCES = /\d[:.]\d|^npm$|\):$/;

/** Lines may begin with these, as yarn's do. */
const OPENING = /^(?:error|warning|warn|info|debug|fatal)$/;

function labelLevel(line: string): Level | undefined {
  let before = "";
  let plainWords = 0;
  for (const piece of piecesOf(line)) {
    // Of a time, which is what comes before the next piece.
    if (piece.length === 2 && /^[AP]M$/i.test(piece) && INTRODUCES.test(before)) continue;
    const level = labelIn(piece, before);
    if (level !== undefined) return level;
    if (/^[A-Za-z]+$/.test(piece)) plainWords += 1;
    if (plainWords > PLAIN_WORDS) return undefined;
    // `-`, `|`: what came before them still does.
    if (/\w/.test(piece)) before = piece;
  }
  return undefined;
}

function piecesOf(line: string): readonly string[] {
  return line.trim().split(/\s+/, PIECES);
}

/** `(node:123)`, `[DEP0040]`, `/a/b.py:3:`: what stands before the kind of a warning. */
const WARNS = /^\(node:\d+\)$|^\[DEP\d+\]$|:\d+:$/;

function labelIn(piece: string, before: string): Level | undefined {
  if (piece.endsWith("Warning:") && WARNS.test(before)) {
    // Node's word for a rejection that it did not die of, before version 15.
    return piece.startsWith("Unhandled") ? "error" : "warn";
  }
  const match = LABEL.exec(piece);
  if (match === null) return undefined;
  const [, open = "", word = "", close = "", after = ""] = match;
  const level = WORDS.get(word.toLowerCase());
  if (level === undefined) return undefined;
  const isLabel =
    word === word.toUpperCase() ||
    (open !== "" && close !== "") ||
    /^[:|]/.test(after) ||
    INTRODUCES.test(before) ||
    (before === "" && OPENING.test(word));
  return isLabel ? level : undefined;
}

/** What an uncaught fault says first, where no level is said with it. */
const FAULT =
  /^(?:Traceback \(most recent call last\)|thread '.*' (?:\(\d+\) )?panicked at|Exception in thread |(?:Uncaught |Unhandled )?[\w$.]*(?:Error|Exception)(?: \[\w+\])?(?::|$)|Segmentation fault|make: \*\*\* |sh: |bash: |FAILED \S+::|\[(?:PARSE|PLUGIN|SYNTAX|TRANSFORM|VALIDATION)_ERROR\] |(?:[\d/]{10} [\d:.]{8,15} )?http: panic serving )/;

function faultLevel(line: string): Level | undefined {
  return FAULT.test(line) ? "error" : undefined;
}
