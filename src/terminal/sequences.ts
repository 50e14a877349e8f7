// Where the control sequences of a terminal begin and end. What a child writes may be cut anywhere,
// and half a sequence, or half a letter, must neither be shown nor be lost: whoever goes on from a
// cut goes on from the last byte that was whole.

/** Told of each sequence that is whole. */
export interface SequenceSink {
  /** `ESC [ … final`, with all between as text. */
  csi(parameters: string, final: string): void;
  /** `ESC … final`, as text without the ESC. */
  escape(sequence: string): void;
  /** `ESC ] … end`: the beginning of what is between. */
  osc(text: string): void;
  /** `SO` and `SI`, which choose between two sets of letters. */
  shift(isOut: boolean): void;
}

const ESC = 0x1b;
const BEL = 0x07;
const SHIFT_OUT = 0x0e;
const SHIFT_IN = 0x0f;
const CANCEL = 0x18;
const SUBSTITUTE = 0x1a;

/** Longer ones are passed over: no mode needs as much. */
const LONGEST = 64;

/** So much is kept of a text for the terminal itself: enough for all colours of its palette. */
const LONGEST_OSC = 8_192;

type State = "text" | "escape" | "csi" | "osc" | "string";

export class Sequences {
  readonly #sink: SequenceSink;
  #state: State = "text";
  #collected = "";
  /** Bytes of the sequence that is not whole. */
  #begun = 0;
  /** Bytes of the letter that is not whole, and how many more it has. */
  #letter = 0;
  #missing = 0;

  constructor(sink: SequenceSink) {
    this.#sink = sink;
  }

  /** How many of the last bytes belong to a sequence or a letter that is not whole yet. */
  get pending(): number {
    if (this.#state !== "text") return this.#begun;
    return this.#missing > 0 ? this.#letter : 0;
  }

  /** Reads on. */
  push(bytes: Uint8Array): void {
    const begin = this.#state === "text" ? this.#passText(bytes, 0) : 0;
    for (let at = begin; at < bytes.length; at += 1) {
      this.#begun += 1;
      this.#take(bytes[at] ?? 0);
      if (this.#state === "text") at = this.#passText(bytes, at + 1) - 1;
    }
  }

  /** Reads on from another place: what was begun is never ended. */
  forget(): void {
    this.#state = "text";
    this.#missing = 0;
  }

  /** Gives the place of the next ESC, at which a sequence begins. */
  #passText(bytes: Uint8Array, from: number): number {
    for (let at = from; at < bytes.length; at += 1) {
      const byte = bytes[at] ?? 0;
      if (byte >= 0x80) {
        this.#takeLetter(byte);
      } else {
        this.#missing = 0;
        if (byte === SHIFT_OUT || byte === SHIFT_IN) this.#sink.shift(byte === SHIFT_OUT);
        if (byte !== ESC) continue;
        this.#begun = 0;
        return at;
      }
    }
    return bytes.length;
  }

  /** A byte of a letter that has several, in UTF-8. */
  #takeLetter(byte: number): void {
    if (byte >= 0xc0) {
      this.#letter = 1;
      this.#missing = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : 1;
    } else if (this.#missing > 0) {
      this.#letter += 1;
      this.#missing -= 1;
    }
  }

  #take(byte: number): void {
    if (this.#state === "osc" && (byte === ESC || byte === BEL)) this.#sink.osc(this.#collected);
    if (byte === ESC) {
      // In a text for the terminal itself, such as its title, it is the end of that: `ESC \`.
      this.#begun = 1;
      this.#state = "escape";
      this.#collected = "";
    } else if (byte === CANCEL || byte === SUBSTITUTE) this.#state = "text";
    else if (this.#state === "escape") this.#takeEscape(byte);
    else if (this.#state === "csi") this.#takeCsi(byte);
    else if (byte === BEL) this.#state = "text";
    else if (this.#state === "osc" && byte >= 0x20) {
      this.#collect(String.fromCharCode(byte), LONGEST_OSC);
    }
  }

  #takeEscape(byte: number): void {
    if (byte < 0x20) return;
    const character = String.fromCharCode(byte);
    if (this.#collected === "") {
      if (character === "[") {
        this.#state = "csi";
        return;
      }
      if (character === "]") {
        this.#state = "osc";
        return;
      }
      if ("PX^_".includes(character)) {
        this.#state = "string";
        return;
      }
    }
    this.#collect(character);
    if (byte < 0x30) return;
    this.#state = "text";
    this.#sink.escape(this.#collected);
  }

  #takeCsi(byte: number): void {
    // The terminal obeys a control character in the midst of a sequence, which then goes on.
    if (byte < 0x20) return;
    const character = String.fromCharCode(byte);
    if (byte < 0x40) {
      this.#collect(character);
      return;
    }
    this.#state = "text";
    if (this.#collected.length < LONGEST) this.#sink.csi(this.#collected, character);
  }

  #collect(character: string, longest = LONGEST): void {
    if (this.#collected.length < longest) this.#collected += character;
  }
}
