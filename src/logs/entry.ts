// One stored line, as everything above the rings sees it.

import type { OutputStream } from "../domain/session.ts";

export interface Entry {
  /** One counter over both streams and all runs of a session, from 1. */
  readonly seq: number;
  /** Epoch ms at which korun saw the line end. */
  readonly time: number;
  readonly stream: OutputStream;
  /** Number of the run that wrote it. */
  readonly run: number;
  /** The line as written, without its newline; a copy. */
  readonly bytes: Uint8Array;
  /** The line was longer than an entry may be: it goes on in the next entry of its stream. */
  readonly partial: boolean;
  /** A carriage return stood before its newline, and is not among its bytes. */
  readonly returned?: boolean;
  /** The last words of a run, without a newline. */
  readonly unterminated: boolean;
}
