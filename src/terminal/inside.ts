// What the emulator has no public way for. Its version is pinned, and tests hold what is said here.

import type { IBufferCell, Terminal } from "@xterm/headless";

/** What is said of a style; a cell and the emulator's pen both can. */
export type Ink = Omit<IBufferCell, "getWidth" | "getChars" | "getCode">;

interface Inside {
  readonly _core: {
    readonly _inputHandler: {
      readonly _curAttrData: Ink;
    };
  };
}

/** With what the next letter would be written. */
export function penOf(terminal: Terminal): Ink {
  return handlerOf(terminal)._curAttrData;
}

function handlerOf(terminal: Terminal): Inside["_core"]["_inputHandler"] {
  return (terminal as unknown as Inside)._core._inputHandler;
}
