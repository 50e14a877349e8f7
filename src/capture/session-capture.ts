// What the main thread holds of one captured session: the files of its rings, mapped once for both
// threads, the log that reads them, and what the child of its newest run writes to and reads from.

import { closeSync, rmSync } from "node:fs";
import type { SessionInput } from "../domain/input.ts";
import { messageOf, Problem } from "../domain/problem.ts";
import type { OutputStream, TerminalDimensions, TerminalStatus } from "../domain/session.ts";
import {
  HEADER_BYTES,
  PACED_PIPE_BYTES,
  type ReaderProcess,
  type RingLimits,
} from "../logs/layout.ts";
import { RingReader } from "../logs/ring-reader.ts";
import { SessionLog } from "../logs/session-log.ts";
import { copyDescriptor } from "../native/descriptor.ts";
import { viewOf } from "../native/memory.ts";
import { hasTerminals } from "../native/terminal.ts";
import type { ChildEnds, PipeEnds } from "./child-ends.ts";
import { PipeInput } from "./pipe-input.ts";
import { makeOutputPipe, reopenOutputPipe } from "./pipes.ts";
import type { CaptureRequest, OutputSources, RingFile } from "./protocol.ts";
import { replaced } from "./refusals.ts";
import { closeRing, makeRings, openRings } from "./rings.ts";
import { TerminalInput } from "./terminal-input.ts";

/** A session's line to the capture thread. */
export interface CaptureLine {
  send(request: WithoutKey<Extract<CaptureRequest, { kind: "open" | "begin" | "go on" }>>): void;
  ask(kind: "drain" | "close"): Promise<void>;
  isAlive(process: ReaderProcess): boolean;
  forget(): void;
}

type WithoutKey<Request> = Request extends unknown ? Omit<Request, "key"> : never;

/** How a session's child is to be reached. */
export interface Ways {
  readonly stdin?: "none" | "pipe";
  /** It runs in a terminal, at first of this size: all it reads and writes goes there. */
  readonly pty?: TerminalDimensions | undefined;
  /** The end of a child's input was sent: nobody may hold its pipe open any longer. */
  readonly onInputEnd?: () => void;
}

/** What was found of a session's newest run. */
export interface Adoption {
  readonly run: number;
  /** It may still live; `terminal` is its master then, if there is one and it was kept. */
  readonly isLive?: boolean;
  readonly terminal?: number | undefined;
}

interface SessionCaptureParts extends CaptureLine {
  readonly limits: RingLimits;
  readonly ways: Ways;
}

export class SessionCapture {
  readonly log: SessionLog;
  readonly #directory: string;
  readonly #parts: SessionCaptureParts;
  readonly #rings: Readonly<Record<OutputStream, RingFile>>;
  readonly #input: PipeInput | TerminalInput | undefined;
  #handedOut: PipeEnds | undefined;
  #failure: string | undefined;

  /** Makes the rings of a new session. Throws a Problem. */
  static create(directory: string, parts: SessionCaptureParts): SessionCapture {
    if (parts.ways.pty !== undefined && !hasTerminals()) throw noTerminals();
    const rings = makeRings(directory, parts.limits);
    return new SessionCapture(directory, parts, { rings, run: 0 });
  }

  /** Takes over the rings of a session, and what its newest run has open. Throws a Problem. */
  static adopt(directory: string, parts: SessionCaptureParts & Adoption): SessionCapture {
    const { run, limits } = parts;
    const session = new SessionCapture(directory, parts, {
      rings: openRings(directory, limits),
      run,
    });
    const sources = session.#reopen(parts);
    if (sources !== undefined) parts.send({ kind: "begin", run, sources });
    return session;
  }

  private constructor(
    directory: string,
    parts: SessionCaptureParts,
    found: { rings: Readonly<Record<OutputStream, RingFile>>; run: number },
  ) {
    this.#directory = directory;
    this.#parts = parts;
    this.#rings = found.rings;
    const reader = (stream: OutputStream) => {
      const { mapping } = found.rings[stream];
      const whole = () => viewOf(mapping);
      return new RingReader(viewOf(mapping, HEADER_BYTES), { stream, limits: parts.limits, whole });
    };
    this.log = new SessionLog(
      { stdout: reader("stdout"), stderr: reader("stderr") },
      { onRoom: () => parts.send({ kind: "go on" }), isAlive: parts.isAlive },
    );
    this.#input = inputFor(parts.ways, directory);
    const isTerminal = this.#input?.kind === "terminal";
    const { limits } = parts;
    parts.send({ kind: "open", rings: found.rings, limits, isTerminal, run: found.run });
  }

  /** The way to the child of whichever run is on; undefined: it has none. */
  get input(): SessionInput | undefined {
    return this.#input;
  }

  /** Of the newest run; null for a session that has none. */
  terminal(): TerminalStatus | null {
    return this.#input?.kind === "terminal" ? this.#input.status() : null;
  }

  /**
   * Makes the pipes or the terminal of a run and captures from them. What is returned is for the
   * child: pass it on, then call `started`. Throws a Problem.
   */
  begin(run: number): ChildEnds {
    if (this.#failure !== undefined) {
      throw new Problem("internal", `ENOSPC: cannot keep the output: ${this.#failure}`, {
        hint: "Free some space where korun keeps its state.",
      });
    }
    try {
      return this.#input?.kind === "terminal"
        ? this.#beginTerminal(run, this.#input)
        : this.#beginPipes(run, this.#input);
    } catch (thrown) {
      if (thrown instanceof Problem) throw thrown;
      throw new Problem("internal", `cannot make the pipes of a run: ${messageOf(thrown)}`, {
        cause: thrown,
      });
    }
  }

  /** The child has its descriptors, or will never have them: closes our copies. */
  started(): void {
    if (this.#handedOut === undefined) return;
    const { stdin, stdout, stderr } = this.#handedOut;
    this.#handedOut = undefined;
    if (stdin !== undefined) closeSync(stdin);
    closeSync(stdout);
    closeSync(stderr);
  }

  /** The run is over. Resolves when everything it wrote is in the log, last words included. */
  drain(): Promise<void> {
    this.#input?.close();
    return this.#parts.ask("drain");
  }

  /** Says whether the session is at rest for good, so that followers end. */
  settle(over: boolean): void {
    this.log.settle(over);
  }

  /** Ends capture and removes all that was kept; with `keep`, leaves it for the next daemon. */
  async release({ keep = false }: { keep?: boolean } = {}): Promise<void> {
    this.started();
    this.#input?.close(keep ? replaced() : undefined);
    this.log.close();
    await this.#parts.ask("close");
    this.#parts.forget();
    for (const ring of Object.values(this.#rings)) closeRing(ring);
    if (!keep) rmSync(this.#directory, { recursive: true, force: true });
  }

  /** The thread could not take the rings: the next run is refused with the reason. */
  fail(message: string): void {
    this.#failure = message;
  }

  #beginTerminal(run: number, input: TerminalInput): ChildEnds {
    const terminal = input.begin();
    const sources = { terminal: copyDescriptor(terminal.master) };
    this.#parts.send({ kind: "begin", run, sources });
    return { terminal };
  }

  #beginPipes(run: number, input: PipeInput | undefined): ChildEnds {
    const capacity = this.log.isPaced ? PACED_PIPE_BYTES : undefined;
    const stdout = makeOutputPipe(this.#directory, { stream: "stdout", capacity });
    const stderr = makeOutputPipe(this.#directory, { stream: "stderr", capacity });
    this.#handedOut = { stdin: input?.begin(), stdout: stdout.child, stderr: stderr.child };
    const sources = { stdout: stdout.own, stderr: stderr.own };
    this.#parts.send({ kind: "begin", run, sources });
    return this.#handedOut;
  }

  /** Undefined when there is nothing to read from. */
  #reopen({ isLive = true, terminal }: Adoption): OutputSources | undefined {
    const input = this.#input;
    if (input?.kind === "terminal") {
      if (isLive) input.adopt(terminal, Date.now());
      return terminal === undefined ? undefined : { terminal: copyDescriptor(terminal) };
    }
    if (isLive) input?.adopt();
    const stdout = reopenOutputPipe(this.#directory, "stdout");
    const stderr = reopenOutputPipe(this.#directory, "stderr");
    return stdout === undefined || stderr === undefined ? undefined : { stdout, stderr };
  }
}

function noTerminals(): Problem {
  return new Problem("bad_request", `pty is not possible on ${process.platform}`, {
    field: "pty",
    expected: "no pty, except on Linux",
    hint: "Start it without a terminal of its own.",
  });
}

function inputFor(ways: Ways, directory: string): PipeInput | TerminalInput | undefined {
  const { stdin = "none", pty, onInputEnd = () => {} } = ways;
  if (pty !== undefined) return new TerminalInput(pty);
  return stdin === "pipe" ? new PipeInput({ directory, onEnd: onInputEnd }) : undefined;
}
