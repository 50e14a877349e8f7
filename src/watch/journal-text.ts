// How a journal of fingerprints is written: a first line that names the format, then one line a
// note, a JSON array. A path alone says that the file is not known any more; the last note counts.

import type { Fingerprint } from "./fingerprint.ts";

/** What is known of files, by absolute path. */
export type Prints = ReadonlyMap<string, Fingerprint>;

/** The first line. Another format has another one. */
export const HEADER = '"korun watch 1"\n';

/** A journal, read. */
export interface Reading {
  readonly prints: Map<string, Fingerprint>;
  /** Notes it took to say so. */
  readonly lines: number;
  /** The last line was cut short: nothing may be written after it. */
  readonly isTorn: boolean;
}

const RADIX = 36;

/** One note. Undefined: the file is not known any more. */
export function formatNote(path: string, print: Fingerprint | undefined): string {
  if (print === undefined) return `${JSON.stringify([path])}\n`;
  const { size, mtimeMs, inode, hash, racy } = print;
  const content = hash === undefined ? null : hash.toString(RADIX);
  return `${JSON.stringify([path, size, mtimeMs, inode, content, racy])}\n`;
}

/** Undefined for what is no journal of this format, or is damaged before its last line. */
export function readNotes(text: string): Reading | undefined {
  const end = text.lastIndexOf("\n") + 1;
  if (!text.startsWith(HEADER)) return undefined;
  const body = text.slice(HEADER.length, end).trimEnd();
  const notes = parse(body);
  if (notes === undefined) return undefined;
  const prints = new Map<string, Fingerprint>();
  for (const note of notes) {
    const [path, print] = noteOf(note) ?? [];
    if (path === undefined) return undefined;
    if (print === undefined) prints.delete(path);
    else prints.set(path, print);
  }
  return { prints, lines: notes.length, isTorn: end < text.length };
}

/** All lines in one call, which takes a third of the time of one call a line. */
function parse(body: string): readonly unknown[] | undefined {
  try {
    return JSON.parse(`[${body.replaceAll("\n", ",")}]`) as readonly unknown[];
  } catch {
    return undefined;
  }
}

function noteOf(note: unknown): readonly [string, Fingerprint | undefined] | undefined {
  if (!Array.isArray(note)) return undefined;
  const [path, size, mtimeMs, inode, content, racy] = note as readonly unknown[];
  if (typeof path !== "string") return undefined;
  if (note.length === 1) return [path, undefined];
  if (typeof size !== "number" || typeof mtimeMs !== "number" || typeof inode !== "number") {
    return undefined;
  }
  const hash = typeof content === "string" ? parseHash(content) : undefined;
  return [path, { size, mtimeMs, inode, hash, racy: racy === true }];
}

function parseHash(text: string): bigint {
  let hash = 0n;
  for (const digit of text) hash = hash * BigInt(RADIX) + BigInt(Number.parseInt(digit, RADIX));
  return hash;
}
