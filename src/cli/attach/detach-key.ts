// The key that leaves a terminal to itself: how it is named, and how it looks among other keys.

import type { Form } from "../line/signature.ts";

/** What is pressed unless `--detach-key` says otherwise. */
export const DETACH_KEY = "ctrl-]";

const NAME = /^ctrl-([a-z@[\\\]^_])$/i;

export const DETACH_KEY_FORM: Form = {
  words: "ctrl- and a letter or one of @ [ \\ ] ^ _, such as ctrl-q",
  matches: (value) => NAME.test(value),
};

export class DetachKey {
  /** As a person reads it: `Ctrl-]`. */
  readonly label: string;
  /** What terminals send for it: a control character, or a sequence where a program asked for such. */
  readonly #forms: readonly Buffer[];

  /** Takes a name of form `DETACH_KEY_FORM`. */
  constructor(name: string) {
    const key = (NAME.exec(name)?.[1] ?? "]").toUpperCase();
    this.label = `Ctrl-${key}`;
    const code = key.toLowerCase().charCodeAt(0);
    this.#forms = [
      String.fromCharCode(key.charCodeAt(0) & 0x1f),
      `\x1b[${code};5u`,
      `\x1b[27;5;${code}~`,
    ].map((form) => Buffer.from(form));
  }

  /** The keys before it was pressed; undefined when it was not. */
  before(keys: Uint8Array): Uint8Array | undefined {
    const buffer = Buffer.from(keys.buffer, keys.byteOffset, keys.length);
    const places = this.#forms.map((form) => buffer.indexOf(form)).filter((place) => place >= 0);
    return places.length === 0 ? undefined : keys.subarray(0, Math.min(...places));
  }
}
