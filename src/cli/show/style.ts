// The colours of a terminal.

const CODES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  blue: [34, 39],
  magenta: [35, 39],
  cyan: [36, 39],
} as const;

export type Style = keyof typeof CODES;

/** Puts text in a style. */
export type Paint = (text: string, style: Style) => string;

/** A painter that does nothing where no colour is wanted. */
export function painter(colour: boolean): Paint {
  if (!colour) return (text) => text;
  return (text, style) => `\x1b[${CODES[style][0]}m${text}\x1b[${CODES[style][1]}m`;
}
