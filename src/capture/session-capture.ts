// What the main thread holds of one captured session: the files of its rings, mapped once for both
// threads, the log that reads them, and the pipes of its runs.
//
// A child's stdout and stderr are FIFOs, made anew for each run. The child gets a descriptor that
// is open for reading as well, so that it only blocks, and does not die of SIGPIPE, when nobody
// reads any more; and the next daemon finds the same FIFO by its path. About thirty programs were
// run so; only one that *reads* its own stdout sees a difference.

import { closeSync, constants, mkdirSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import { messageOf, Problem, systemCode } from "../domain/problem.ts";
import type { OutputStream } from "../domain/session.ts";
import { arenaStart, type RingLimits, ringBytes } from "../logs/layout.ts";
import { RingReader } from "../logs/ring-reader.ts";
import { SessionLog } from "../logs/session-log.ts";
import { allocate, mapShared, unmap, viewOf } from "../native/memory.ts";
import { makeFifo } from "../native/pipe.ts";
import type { CaptureRequest, RingFile } from "./protocol.ts";

/** Descriptors for a child's stdout and stderr. */
export type OutputDescriptors = Readonly<Record<OutputStream, number>>;

/** A session's line to the capture thread. */
export interface CaptureLine {
  send(request: WithoutKey<Extract<CaptureRequest, { kind: "open" | "begin" }>>): void;
  ask(kind: "drain" | "close"): Promise<void>;
  forget(): void;
}

type WithoutKey<Request> = Request extends unknown ? Omit<Request, "key"> : never;

interface SessionCaptureParts extends CaptureLine {
  readonly limits: RingLimits;
}

export class SessionCapture {
  readonly log: SessionLog;
  readonly #directory: string;
  readonly #parts: SessionCaptureParts;
  readonly #rings: Readonly<Record<OutputStream, RingFile>>;
  #handedOut: OutputDescriptors | undefined;
  #failure: string | undefined;

  /** Makes the rings of a new session. Throws a Problem. */
  static create(directory: string, parts: SessionCaptureParts): SessionCapture {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    return new SessionCapture(directory, parts, {
      rings: openRings(directory, parts.limits),
      run: 0,
    });
  }

  /** Takes over the rings of a session, and the pipes of its newest run. Throws a Problem. */
  static adopt(directory: string, parts: SessionCaptureParts & { run: number }): SessionCapture {
    const { run, limits } = parts;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const session = new SessionCapture(directory, parts, {
      rings: openRings(directory, limits),
      run,
    });
    const stdout = reopenOutputPipe(pipePath(directory, "stdout"));
    const stderr = reopenOutputPipe(pipePath(directory, "stderr"));
    if (stdout !== undefined && stderr !== undefined) {
      parts.send({ kind: "begin", run, pipes: { stdout, stderr } });
    }
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
    const reader = (stream: OutputStream) =>
      new RingReader(viewOf(found.rings[stream].mapping), { stream, limits: parts.limits });
    this.log = new SessionLog({ stdout: reader("stdout"), stderr: reader("stderr") });
    parts.send({ kind: "open", rings: found.rings, limits: parts.limits, run: found.run });
  }

  /**
   * Makes the pipes of a run and captures from them. The descriptors are for the child: pass them
   * on, then call `started`. Throws a Problem.
   */
  begin(run: number): OutputDescriptors {
    if (this.#failure !== undefined) {
      throw new Problem("internal", `ENOSPC: cannot keep the output: ${this.#failure}`, {
        hint: "Free some space where korun keeps its state.",
      });
    }
    try {
      const stdout = makeOutputPipe(pipePath(this.#directory, "stdout"));
      const stderr = makeOutputPipe(pipePath(this.#directory, "stderr"));
      this.#handedOut = { stdout: stdout.child, stderr: stderr.child };
      this.#parts.send({
        kind: "begin",
        run,
        pipes: { stdout: stdout.reader, stderr: stderr.reader },
      });
      return this.#handedOut;
    } catch (thrown) {
      throw new Problem("internal", `cannot make the pipes of a run: ${messageOf(thrown)}`, {
        cause: thrown,
      });
    }
  }

  /** The child has its descriptors, or will never have them: closes our copies. */
  started(): void {
    if (this.#handedOut === undefined) return;
    closeSync(this.#handedOut.stdout);
    closeSync(this.#handedOut.stderr);
    this.#handedOut = undefined;
  }

  /** Resolves when everything written so far is in the log, last words included. */
  drain(): Promise<void> {
    return this.#parts.ask("drain");
  }

  /** Says whether the session is at rest for good, so that followers end. */
  settle(over: boolean): void {
    this.log.settle(over);
  }

  /** Ends capture and removes all that was kept; with `keep`, leaves it for the next daemon. */
  async release({ keep = false }: { keep?: boolean } = {}): Promise<void> {
    this.started();
    this.log.close();
    await this.#parts.ask("close");
    this.#parts.forget();
    for (const ring of Object.values(this.#rings)) {
      unmap(ring.mapping);
      closeSync(ring.fd);
    }
    if (!keep) rmSync(this.#directory, { recursive: true, force: true });
  }

  /** The thread could not take the rings: the next run is refused with the reason. */
  fail(message: string): void {
    this.#failure = message;
  }
}

/** Paths of the pipes of a session's newest run, given its folder. */
export function pipePaths(directory: string): readonly string[] {
  return [pipePath(directory, "stdout"), pipePath(directory, "stderr")];
}

function openRings(
  directory: string,
  limits: RingLimits,
): Readonly<Record<OutputStream, RingFile>> {
  const stdout = openRing(join(directory, "stdout.ring"), limits);
  try {
    return { stdout, stderr: openRing(join(directory, "stderr.ring"), limits) };
  } catch (thrown) {
    unmap(stdout.mapping);
    closeSync(stdout.fd);
    throw thrown;
  }
}

/** Opens a ring, or makes it; the capture thread tells a used one by what is in it. */
function openRing(path: string, limits: RingLimits): RingFile {
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  // Before anyone looks: memory of a file that ends before it is SIGBUS, and death.
  if (!allocate(fd, { offset: 0, length: arenaStart(limits) })) {
    closeSync(fd);
    throw new Problem("internal", `ENOSPC: no storage for the output in ${path}`, {
      hint: "Free some space where korun keeps its state.",
    });
  }
  return { fd, mapping: mapShared(fd, ringBytes(limits)) };
}

function pipePath(directory: string, stream: OutputStream): string {
  return join(directory, `${stream}.fifo`);
}

function makeOutputPipe(path: string): { reader: number; child: number } {
  rmSync(path, { force: true });
  makeFifo(path);
  // Ours is an open file of its own: a child that makes its end non-blocking does not change it.
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return { reader, child: openSync(path, constants.O_RDWR) };
}

/** Undefined when there is none: the session never had a run. */
function reopenOutputPipe(path: string): number | undefined {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (thrown) {
    if (systemCode(thrown) === "ENOENT") return undefined;
    throw thrown;
  }
}
