// Output as a person reads it: text without the escape sequences that colour it, move a cursor or
// name a window. Patterns are matched against this, so that a colour never hides a word.

const ESCAPE = 0x1b;
const BELL = 0x07;

// A byte order mark is part of what the child printed.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The text of a line without escape sequences; bytes that are no UTF-8 become U+FFFD. */
export function plainText(bytes: Uint8Array): string {
  return decoder.decode(withoutEscapes(bytes));
}

/** The same bytes without escape sequences. One that is cut off at the end is left out as well. */
export function withoutEscapes(bytes: Uint8Array): Uint8Array {
  let start = bytes.indexOf(ESCAPE);
  if (start < 0) return bytes;
  const kept = new Uint8Array(bytes.length);
  let length = 0;
  let from = 0;
  while (start >= 0) {
    kept.set(bytes.subarray(from, start), length);
    length += start - from;
    from = afterSequence(bytes, start + 1);
    start = bytes.indexOf(ESCAPE, from);
  }
  kept.set(bytes.subarray(from), length);
  return kept.subarray(0, length + bytes.length - from);
}

/** Where a sequence ends whose first byte after the escape lies at `at`. */
function afterSequence(bytes: Uint8Array, at: number): number {
  switch (bytes[at]) {
    case 0x5b: // [: colours, cursor
      return afterRange(bytes, afterAll(bytes, at + 1, [0x20, 0x3f]), [0x40, 0x7e]);
    case 0x5d: // ]: titles, links
    case 0x50: // P, X, ^, _: strings for the terminal
    case 0x58:
    case 0x5e:
    case 0x5f:
      return afterString(bytes, at + 1);
    default:
      return afterRange(bytes, afterAll(bytes, at, [0x20, 0x2f]), [0x30, 0x7e]);
  }
}

type Range = readonly [low: number, high: number];

function afterAll(bytes: Uint8Array, start: number, range: Range): number {
  let at = start;
  while (afterRange(bytes, at, range) > at) at += 1;
  return at;
}

function afterRange(bytes: Uint8Array, at: number, [low, high]: Range): number {
  const byte = bytes[at];
  return byte !== undefined && byte >= low && byte <= high ? at + 1 : at;
}

/** Up to a bell, or to an escape with a backslash. */
function afterString(bytes: Uint8Array, start: number): number {
  for (let at = start; at < bytes.length; at += 1) {
    if (bytes[at] === BELL) return at + 1;
    if (bytes[at] === ESCAPE) return bytes[at + 1] === 0x5c ? at + 2 : at;
  }
  return bytes.length;
}
