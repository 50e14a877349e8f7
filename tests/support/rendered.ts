// What a person would see of what a terminal was sent.

import { Terminal } from "@xterm/headless";

export interface Rendered {
  /** The rows of the screen, without blanks at their ends. */
  readonly rows: readonly string[];
  readonly isAlternate: boolean;
  readonly cursor: { readonly x: number; readonly y: number };
  readonly mouse: string;
}

export async function render(
  shown: string,
  { columns = 80, rows = 24 }: { columns?: number; rows?: number } = {},
): Promise<Rendered> {
  const terminal = new Terminal({ cols: columns, rows, allowProposedApi: true });
  await new Promise<void>((resolve) => terminal.write(shown, resolve));
  const { active } = terminal.buffer;
  const lines = Array.from({ length: rows }, (_, row) =>
    (active.getLine(active.baseY + row)?.translateToString(true) ?? "").trimEnd(),
  );
  return {
    rows: lines,
    isAlternate: active.type === "alternate",
    cursor: { x: active.cursorX, y: active.cursorY },
    mouse: terminal.modes.mouseTrackingMode,
  };
}
