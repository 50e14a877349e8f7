// How many columns a letter takes. A program reckons with its library's wcwidth, which goes by code
// point, so that is asked for here, too: of a sequence of several (a family, a flag, a letter with
// its accents) each has its own width, those that only join or modify have none, and U+FE0F does not
// widen what is before it. The emulator's own table is of Unicode 6, for which an emoji is narrow;
// tables that come with it end before the newer ones, and Bun has Unicode's newest.

import type { IUnicodeVersionProvider, Terminal } from "@xterm/headless";

/** The letters of most languages and all emoji; the others are looked at each time. */
const REMEMBERED = 0x20000;

/** 1 more than the width, of those that were asked for before. */
const known = new Uint8Array(REMEMBERED);

/** Makes a terminal reckon with these. */
export function widen(terminal: Terminal): void {
  terminal.unicode.register(provider);
  terminal.unicode.activeVersion = provider.version;
}

/** In columns of a terminal: 0, 1 or 2. */
export function widthOf(codepoint: number): 0 | 1 | 2 {
  const remembered = known[codepoint] ?? 0;
  if (remembered > 0) return (remembered - 1) as 0 | 1 | 2;
  const width = measure(String.fromCodePoint(codepoint));
  known[codepoint] = width + 1;
  return width;
}

function measure(letter: string): 0 | 1 | 2 {
  // Bun measures what is seen: there a vowel of Hindi has no place of its own beside its letter, and
  // the frame of a key has that of the key.
  if (/^[\p{Mc}\u00ad]/u.test(letter)) return 1;
  if (/^[\p{Mn}\p{Me}]/u.test(letter)) return 0;
  return Math.min(2, Bun.stringWidth(letter)) as 0 | 1 | 2;
}

const provider: IUnicodeVersionProvider = {
  version: "bun",
  wcwidth: widthOf,
  charProperties(codepoint, preceding) {
    const width = widthOf(codepoint);
    // As the emulator packs them: what joins the letter before it is as wide as that.
    const before = (preceding >> 1) & 3;
    return width === 0 && before > 0 ? (before << 1) | 1 : width << 1;
  },
};
