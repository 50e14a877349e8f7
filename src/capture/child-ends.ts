// What a child is given of a run: descriptors, or a terminal to open.

import type { OpenedTerminal } from "../native/terminal.ts";

/** Descriptors for a child; whoever made them closes them afterwards. */
export interface PipeEnds {
  /** None: it has nothing to read. */
  readonly stdin?: number | undefined;
  readonly stdout: number;
  readonly stderr: number;
  readonly terminal?: undefined;
}

export interface TerminalEnd {
  readonly terminal: OpenedTerminal;
}

export type ChildEnds = PipeEnds | TerminalEnd;
