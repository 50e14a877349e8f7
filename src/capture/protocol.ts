// What the main thread and the capture thread say to each other. Memory is shared; messages only
// tell of beginnings and ends, and a main thread that waits for entries is woken.

import type { OutputStream } from "../domain/session.ts";
import type { RingLimits } from "../logs/layout.ts";
import type { Mapping } from "../native/memory.ts";

/** A ring's file, open and mapped by the main thread. */
export interface RingFile {
  readonly fd: number;
  readonly mapping: Mapping;
}

/** What the output of a run comes out of: two pipes, or the master of its terminal. */
export type OutputSources =
  | (Readonly<Record<OutputStream, number>> & { readonly terminal?: undefined })
  | { readonly terminal: number };

/** Main thread to capture thread. `key` names a session among those that are captured. */
export type CaptureRequest =
  | {
      readonly kind: "open";
      readonly key: number;
      readonly rings: Readonly<Record<OutputStream, RingFile>>;
      readonly limits: RingLimits;
      /** All of its output comes out of terminals. */
      readonly isTerminal: boolean;
      /** The run whose bytes lie unindexed in rings that are taken over; 0 for new ones. */
      readonly run: number;
    }
  /** A run begins: its output comes out of these, which are the thread's to close. */
  | {
      readonly kind: "begin";
      readonly key: number;
      readonly run: number;
      readonly sources: OutputSources;
    }
  /** What was written so far becomes entries, the last words of the run included. */
  | { readonly kind: "drain"; readonly key: number; readonly ticket: number }
  | { readonly kind: "close"; readonly key: number; readonly ticket: number }
  /** Tell when the process of this pidfd is gone; the descriptor is the thread's to close. */
  | { readonly kind: "await"; readonly pidfd: number; readonly ticket: number }
  /** A reader that a child waits for has gone on. */
  | { readonly kind: "go on"; readonly key: number }
  | { readonly kind: "quit" };

/** Capture thread to main thread. */
export type CaptureEvent =
  | { readonly kind: "wake"; readonly key: number }
  | { readonly kind: "done"; readonly ticket: number }
  | { readonly kind: "failed"; readonly key: number; readonly message: string };

/** The first message to the thread: its mailbox and how it is woken from its sleep. */
export interface CaptureStart {
  readonly mailbox: MessagePort;
  /** Reading end of a pipe that gets a byte when there are messages. */
  readonly control: number;
  /** One Int32, 1 while a byte is on its way. */
  readonly signalled: SharedArrayBuffer;
  /** One Int32, 1 once a request has been answered since the thread looked last. */
  readonly served: SharedArrayBuffer;
}
