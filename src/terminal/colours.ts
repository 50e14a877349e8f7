// The colours of the terminal itself, which a program may change for all that is shown: OSC 4 one of
// the palette, OSC 10 to 19 those of letters, what is behind them, the cursor and more. Asking for
// them (`?`) changes nothing.

const PALETTE = 4;
const FIRST = 10;
const LAST = 19;
/** Added to the number that sets a colour, it is the one that resets it. */
const RESET = 100;

/** A colour as any terminal writes it; whatever else stands there is passed over. */
const COLOUR = /^[\w#:/.,% -]{1,40}$/;

/** Palettes are no larger. */
const INDEX = /^\d{1,3}$/;

export class TerminalColours {
  /** What was set, by what sets it: `11`, or `4;7` of the palette. */
  readonly #set = new Map<string, string>();

  /** Takes note of what stands between `ESC ]` and its end. */
  osc(text: string): void {
    const [first = "", ...values] = text.split(";");
    if (!INDEX.test(first)) return;
    const code = Number(first);
    if (code === PALETTE) {
      for (let at = 0; at + 1 < values.length; at += 2) this.#setEntry(values[at], values[at + 1]);
    } else if (code === PALETTE + RESET) {
      this.#resetEntries(values);
    } else if (code >= FIRST && code <= LAST) {
      // Further values are for the numbers that follow.
      for (const [at, value] of values.slice(0, LAST - code + 1).entries()) {
        this.#note(String(code + at), value);
      }
    } else if (code >= FIRST + RESET && code <= LAST + RESET) {
      this.#set.delete(String(code - RESET));
    }
  }

  /** Makes a fresh terminal have the same. */
  restore(): string {
    return Array.from(this.#set, ([key, colour]) => osc(`${key};${colour}`)).join("");
  }

  /** Gives the terminal its own back. */
  undo(): string {
    const resets = Array.from(this.#set.keys(), (key) => Number.parseInt(key, 10) + RESET);
    return Array.from(new Set(resets), (code) => osc(String(code))).join("");
  }

  #setEntry(index = "", colour = ""): void {
    if (INDEX.test(index)) this.#note(`${PALETTE};${index}`, colour);
  }

  #resetEntries(indices: readonly string[]): void {
    const isAll = indices.join("") === "";
    for (const key of this.#set.keys()) {
      const [code, index = ""] = key.split(";");
      if (Number(code) === PALETTE && (isAll || indices.includes(index))) this.#set.delete(key);
    }
  }

  #note(key: string, colour: string): void {
    if (COLOUR.test(colour)) this.#set.set(key, colour);
  }
}

function osc(text: string): string {
  return `\x1b]${text}\x1b\\`;
}
