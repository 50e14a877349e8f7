// The pipes of a session's newest run: FIFOs in its folder, made anew for each run.
//
// Of its output the child gets a descriptor that is open for reading as well, so that it only
// blocks, and does not die of SIGPIPE, when nobody reads any more; and the next daemon finds the
// same FIFO by its path. About thirty programs were run so; only one that *reads* its own stdout
// sees a difference. Its stdin is open for reading only, or it would never see the end of it.

import { closeSync, constants, existsSync, openSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { systemCode } from "../domain/problem.ts";
import type { OutputStream } from "../domain/session.ts";
import { setPipeCapacity } from "../native/descriptor.ts";
import { makeFifo } from "../native/pipe.ts";

const { O_RDONLY, O_WRONLY, O_RDWR, O_NONBLOCK } = constants;

/** Both ends of a pipe, each an open file of its own: the child may make its one non-blocking. */
export interface Pipe {
  readonly own: number;
  readonly child: number;
}

/** Paths of the output pipes of a session's newest run, given its folder. */
export function outputPaths(directory: string): readonly string[] {
  return [outputPath(directory, "stdout"), outputPath(directory, "stderr")];
}

/** The input pipes of a session's newest run: one, or none once its end was sent. */
export function inputPaths(directory: string): readonly string[] {
  const path = inputPath(directory);
  return existsSync(path) ? [path] : [];
}

/** One that holds `capacity` bytes, where the system can be asked for that. Throws. */
export function makeOutputPipe(
  directory: string,
  { stream, capacity }: { stream: OutputStream; capacity?: number | undefined },
): Pipe {
  const path = outputPath(directory, stream);
  makeAnew(path);
  const own = openSync(path, O_RDONLY | O_NONBLOCK);
  if (capacity !== undefined) setPipeCapacity(own, capacity);
  return { own, child: openSync(path, O_RDWR) };
}

/** Where the disk has become read-only, that of the run before has to do. */
function makeAnew(path: string): void {
  try {
    rmSync(path, { force: true });
    makeFifo(path);
  } catch (thrown) {
    const found = statSync(path, { throwIfNoEntry: false });
    if (!found?.isFIFO()) throw thrown;
  }
}

/** The end to read from. Undefined when there is none: the session never had a run. */
export function reopenOutputPipe(directory: string, stream: OutputStream): number | undefined {
  return openIfThere(outputPath(directory, stream), O_RDONLY | O_NONBLOCK);
}

/** Throws. */
export function makeInputPipe(directory: string): Pipe {
  const path = inputPath(directory);
  makeAnew(path);
  // A writer cannot be opened before there is a reader, and a reader waits for a writer.
  const first = openSync(path, O_RDONLY | O_NONBLOCK);
  try {
    const own = openSync(path, O_WRONLY | O_NONBLOCK);
    return { own, child: openSync(path, O_RDONLY) };
  } finally {
    closeSync(first);
  }
}

/** The end to write to. Undefined when its end was sent, and when nobody reads it any more. */
export function reopenInputPipe(directory: string): number | undefined {
  return openIfThere(inputPath(directory), O_WRONLY | O_NONBLOCK);
}

/** No daemon opens it again: this is how it is remembered that the end of input was sent. */
export function removeInputPipe(directory: string): void {
  try {
    rmSync(inputPath(directory), { force: true });
  } catch {
    // The disk has become read-only. The child sees the end all the same.
  }
}

function outputPath(directory: string, stream: OutputStream): string {
  return join(directory, `${stream}.fifo`);
}

function inputPath(directory: string): string {
  return join(directory, "stdin.fifo");
}

function openIfThere(path: string, flags: number): number | undefined {
  try {
    return openSync(path, flags);
  } catch (thrown) {
    const code = systemCode(thrown);
    // No such pipe, or one without a reader.
    if (code === "ENOENT" || code === "ENXIO") return undefined;
    throw thrown;
  }
}
