// The daemon's own log: one file of a bounded size and one older one. What Bun itself prints when
// something goes badly wrong lands in the same file, since the launcher makes it the daemon's
// stderr; so it is never renamed away from under that descriptor, but copied and emptied.

import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  writeFileSync,
  writeSync,
} from "node:fs";

/** Size at which the log is set aside, in bytes. */
export const LOG_LIMIT_BYTES = 1_048_576;

export type LogLevel = "info" | "warn" | "error";

/** Opens a log for appending, as all who write to it must. Throws a system error. */
export function openLogFile(path: string): number {
  const { O_RDWR, O_CREAT, O_APPEND, O_NOFOLLOW } = constants;
  return openSync(path, O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW, 0o600);
}

/** Where the older part of a log is kept. */
export function olderLog(path: string): string {
  return `${path}.1`;
}

export interface DaemonLogOptions {
  readonly limit?: number;
  /** A descriptor that gets every line too: the terminal of a daemon in the foreground. */
  readonly echo?: number | undefined;
}

export class DaemonLog {
  readonly #path: string;
  #fd: number | undefined;
  readonly #limit: number;
  readonly #echo: number | undefined;

  constructor(path: string, options: DaemonLogOptions = {}) {
    this.#path = path;
    this.#fd = openLogFile(path);
    this.#limit = options.limit ?? LOG_LIMIT_BYTES;
    this.#echo = options.echo;
  }

  info(message: string): void {
    this.#write("info", message);
  }

  warn(message: string): void {
    this.#write("warn", message);
  }

  /** With the stack of what was thrown, since nobody else will see it. */
  error(message: string, thrown?: unknown): void {
    this.#write("error", thrown === undefined ? message : `${message}: ${describe(thrown)}`);
  }

  /** What is logged from now on is lost. */
  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }

  #write(level: LogLevel, message: string): void {
    const line = formatLine({ level, message, time: new Date() });
    const fd = this.#fd;
    if (fd === undefined) return;
    attempt(() => this.#makeRoom(fd));
    attempt(() => writeSync(fd, line));
    const echo = this.#echo;
    if (echo !== undefined) attempt(() => writeSync(echo, line));
  }

  #makeRoom(fd: number): void {
    const { size } = fstatSync(fd);
    if (size < this.#limit) return;
    // The newest part: Bun may have printed any amount beside us.
    const kept = Buffer.alloc(Math.min(size, 2 * this.#limit));
    const length = readSync(fd, kept, 0, kept.length, size - kept.length);
    const older = olderLog(this.#path);
    writeFileSync(`${older}.new`, kept.subarray(0, length), { mode: 0o600 });
    renameSync(`${older}.new`, older);
    ftruncateSync(fd, 0);
  }
}

/** `2026-03-16T12:00:00.000Z info  message`; further lines of a message are indented. */
export function formatLine(entry: { level: LogLevel; message: string; time: Date }): string {
  const message = entry.message.trimEnd().replaceAll("\n", "\n    ");
  return `${entry.time.toISOString()} ${entry.level.padEnd(5)} ${message}\n`;
}

/** A full disk or a closed terminal must not end the daemon, and there is no place to say so. */
function attempt(action: () => void): void {
  try {
    action();
  } catch {
    // The line is lost.
  }
}

function describe(thrown: unknown): string {
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
}
