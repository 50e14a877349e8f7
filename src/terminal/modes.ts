// What a program has made of its terminal beside what it has written there: that the cursor is
// hidden, that the mouse is reported, that keys come in another form, that black is another black.
// Whoever comes later must have it so too, and a terminal that is left must be as it was before. Only
// what differs from a fresh terminal is kept.

import { TerminalColours } from "./colours.ts";
import { Sequences } from "./sequences.ts";

/** Of `CSI ? n h`: what such a mode is in a fresh terminal. Others are left as they are. */
const PRIVATE_MODES: ReadonlyMap<number, boolean> = new Map([
  [1, false], // cursor keys of an application
  [5, false], // light and dark exchanged
  [7, true], // lines are wrapped
  [9, false], // the mouse: 9 to 1003 what is told of it, 1005 to 1016 in which form
  [1000, false],
  [1002, false],
  [1003, false],
  [1005, false],
  [1006, false],
  [1015, false],
  [1016, false],
  [25, true], // the cursor is shown
  [45, false], // backspace goes back over a wrapped line
  [66, false], // keypad of an application
  [1004, false], // gaining and losing focus is told
  [2004, false], // what is pasted is marked
  [2026, false], // nothing is shown until it is complete
  [2031, false], // a change from light to dark is told
  [2048, false], // a change of size is told
]);

const CURSOR_SHOWN = 25;
const KEYPAD = 66;
const ORIGIN = 6;
const ALTERNATE_SCREENS: readonly number[] = [47, 1047, 1049];

/** A place on the screen, from 1. */
export interface Place {
  readonly row: number;
  readonly column: number;
}

export class TerminalModes {
  readonly #sequences: Sequences;
  /** Those that are not as in a fresh terminal. */
  #changed = new Set<number>();
  /** Which of them was set. */
  #alternate: number | undefined;
  #insert = false;
  #origin = false;
  /** The rows that scroll: `2;23`. */
  #region = "";
  #cursorStyle = "";
  /** What `ESC ( x` and `ESC ) x` chose. */
  #letters = { primary: "B", secondary: "B", isShifted: false };
  /** Levels of kitty's keyboard protocol, the newest last. */
  #keyboards: string[] = [];
  #otherKeys = "";
  readonly #colours = new TerminalColours();

  constructor() {
    this.#sequences = new Sequences({
      csi: (parameters, final) => this.#csi(parameters, final),
      escape: (sequence) => this.#escape(sequence),
      osc: (text) => this.#colours.osc(text),
      shift: (isShifted) => {
        this.#letters = { ...this.#letters, isShifted };
      },
    });
  }

  /** How many of the last bytes belong to a sequence or a letter that is not whole yet. */
  get pending(): number {
    return this.#sequences.pending;
  }

  /** The alternate screen is shown, as full-screen programs have it. */
  get isAlternate(): boolean {
    return this.#alternate !== undefined;
  }

  /** Takes note of what a program writes. */
  push(bytes: Uint8Array): void {
    this.#sequences.push(bytes);
  }

  /** What comes next does not follow what came last. */
  skip(): void {
    this.#sequences.forget();
  }

  /** The terminal has another size: all its rows scroll again, as terminals have it. */
  resized(): void {
    this.#region = "";
  }

  /** Makes a fresh terminal like this one, but for its screens, and puts the cursor there. */
  restore(cursor: Place): string {
    const { primary, secondary, isShifted } = this.#letters;
    let text = this.#colours.restore();
    for (const mode of this.#changed) if (mode !== CURSOR_SHOWN) text += privateMode(mode, true);
    if (this.#insert) text += "\x1b[4h";
    if (primary !== "B") text += `\x1b(${primary}`;
    if (secondary !== "B") text += `\x1b)${secondary}`;
    if (isShifted) text += "\x0e";
    if (this.#cursorStyle !== "") text += `\x1b[${this.#cursorStyle} q`;
    if (this.#otherKeys !== "") text += `\x1b[>4;${this.#otherKeys}m`;
    for (const level of this.#keyboards) text += `\x1b[>${level}u`;
    text += this.#restoreRegion(cursor);
    if (this.#changed.has(CURSOR_SHOWN)) text += privateMode(CURSOR_SHOWN, true);
    return text;
  }

  /** Makes the terminal a fresh one again, as far as it is not; what is on its screen stays. */
  undo(): string {
    const { primary, secondary, isShifted } = this.#letters;
    let text = "";
    for (const mode of this.#changed) text += privateMode(mode, false);
    if (this.#keyboards.length > 0) text += `\x1b[<${this.#keyboards.length}u`;
    if (this.#alternate !== undefined) text += `\x1b[?${this.#alternate}l`;
    if (this.#insert) text += "\x1b[4l";
    if (primary !== "B") text += "\x1b(B";
    if (secondary !== "B") text += "\x1b)B";
    if (isShifted) text += "\x0f";
    if (this.#cursorStyle !== "") text += "\x1b[0 q";
    if (this.#otherKeys !== "") text += "\x1b[>4m";
    if (this.#origin) text += "\x1b[?6l";
    // Setting the rows that scroll takes the cursor to the corner.
    if (this.#region !== "") text += "\x1b7\x1b[r\x1b8";
    return text + this.#colours.undo();
  }

  #restoreRegion({ row, column }: Place): string {
    if (this.#region === "" && !this.#origin) return "";
    const region = this.#region === "" ? "" : `\x1b[${this.#region}r`;
    if (!this.#origin) return `${region}\x1b[${row};${column}H`;
    const top = Number(this.#region.split(";")[0] || "1");
    return `${region}\x1b[?6h\x1b[${Math.max(1, row - top + 1)};${column}H`;
  }

  #csi(parameters: string, final: string): void {
    switch (final) {
      case "h":
      case "l":
        this.#setModes(parameters, final === "h");
        return;
      case "r":
        if (/^[\d;]*$/.test(parameters)) this.#region = parameters.replace(/^;?$/, "");
        return;
      case "q":
        if (/^\d* $/.test(parameters)) this.#cursorStyle = parameters.trim().replace(/^0$/, "");
        return;
      case "p":
        if (parameters === "!") this.#softReset();
        return;
      case "m":
        if (/^>4(;\d*)?$/.test(parameters)) {
          this.#otherKeys = parameters.slice(3).replace(/^0$/, "");
        }
        return;
      case "u":
        this.#setKeyboard(parameters);
        return;
      default:
    }
  }

  #setModes(parameters: string, on: boolean): void {
    if (parameters === "4") this.#insert = on;
    if (!parameters.startsWith("?")) return;
    for (const mode of parameters.slice(1).split(";").map(Number)) {
      if (mode === ORIGIN) this.#origin = on;
      else if (ALTERNATE_SCREENS.includes(mode)) this.#alternate = on ? mode : undefined;
      else this.#setMode(mode, on);
    }
  }

  #setMode(mode: number, on: boolean): void {
    const fresh = PRIVATE_MODES.get(mode);
    if (fresh === undefined) return;
    if (on === fresh) this.#changed.delete(mode);
    else this.#changed.add(mode);
  }

  /** `>1` adds a level, `<1` takes levels away, `=1` changes the newest. */
  #setKeyboard(parameters: string): void {
    const [, kind, first = ""] = /^([><=])(\d*)/.exec(parameters) ?? [];
    const levels = this.#keyboards;
    if (kind === ">") this.#keyboards = [...levels, first].slice(-8);
    else if (kind === "<") this.#keyboards = levels.slice(0, -(first === "" ? 1 : Number(first)));
    else if (kind === "=") this.#keyboards = [...levels.slice(0, -1), first];
  }

  #escape(sequence: string): void {
    if (sequence === "c") this.#reset();
    else if (sequence === "=" || sequence === ">") this.#setMode(KEYPAD, sequence === "=");
    else if (sequence.startsWith("("))
      this.#letters = { ...this.#letters, primary: sequence.slice(1) };
    else if (sequence.startsWith(")"))
      this.#letters = { ...this.#letters, secondary: sequence.slice(1) };
  }

  /** The terminal's own colours are noted still: not every terminal resets them here. */
  #reset(): void {
    this.#softReset();
    this.#changed.clear();
    this.#alternate = undefined;
    this.#keyboards = [];
    this.#otherKeys = "";
    this.#cursorStyle = "";
  }

  /** Leaves the screen that is shown and the mouse as they are. */
  #softReset(): void {
    for (const mode of [1, 7, CURSOR_SHOWN, KEYPAD]) this.#changed.delete(mode);
    this.#insert = false;
    this.#origin = false;
    this.#region = "";
    this.#letters = { primary: "B", secondary: "B", isShifted: false };
  }
}

function privateMode(mode: number, isChanged: boolean): string {
  const fresh = PRIVATE_MODES.get(mode) ?? false;
  return `\x1b[?${mode}${fresh === isChanged ? "l" : "h"}`;
}
