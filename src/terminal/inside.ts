// What the emulator has no public way for. Its version is pinned, and tests hold what is said here.

import type { IBufferCell, Terminal } from "@xterm/headless";

/** What is said of a style; a cell and the emulator's pen both can. */
export type Ink = Omit<IBufferCell, "getWidth" | "getChars" | "getCode">;

interface Inside {
  readonly _core: {
    readonly _inputHandler: {
      readonly _curAttrData: Ink;
      eraseInDisplay(parameters: { readonly params: readonly number[] }): boolean;
    };
  };
}

/** With what the next letter would be written. */
export function penOf(terminal: Terminal): Ink {
  return handlerOf(terminal)._curAttrData;
}

/**
 * Erasing all up to the last place of the last row makes the emulator look for a row below it, and
 * throw out of a timer, where nobody can catch it. It is the same as erasing the screen.
 */
export function mendErasing(terminal: Terminal): void {
  terminal.parser.registerCsiHandler({ final: "J" }, ([what]) => {
    const { cursorX, cursorY } = terminal.buffer.active;
    if (what !== 1 || cursorY < terminal.rows - 1 || cursorX < terminal.cols - 1) return false;
    return handlerOf(terminal).eraseInDisplay({ params: [2] });
  });
}

function handlerOf(terminal: Terminal): Inside["_core"]["_inputHandler"] {
  return (terminal as unknown as Inside)._core._inputHandler;
}
