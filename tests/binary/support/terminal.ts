// Commands on a real terminal: what is typed there, and what is shown.

import { BINARY, type Korun } from "../../support/korun.ts";
import { waitFor } from "../../support/wait.ts";

export interface TerminalOptions {
  readonly columns?: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** What Ctrl-C sends. */
export const CTRL_C = "\x03";

/** A terminal with one command on it; when that is left alive, it ends with the terminal. */
export class Terminal implements AsyncDisposable {
  /** All that was shown so far, control characters included. */
  shown = "";
  readonly #child: Bun.Subprocess;
  readonly #decoder = new TextDecoder();

  /** Runs `korun` on a terminal of its own. */
  static korun(korun: Korun, args: readonly string[], options: TerminalOptions = {}): Terminal {
    return new Terminal(korun, [BINARY, ...args], options);
  }

  constructor(korun: Korun, command: readonly string[], options: TerminalOptions = {}) {
    const { columns = 80, env = {} } = options;
    this.#child = Bun.spawn([...command], {
      cwd: korun.work,
      env: { ...korun.env, TERM: "xterm", ...env },
      terminal: {
        cols: columns,
        rows: 24,
        data: (_, bytes) => {
          this.shown += this.#decoder.decode(bytes, { stream: true });
        },
      },
    });
  }

  /** The lines that were shown. */
  get lines(): string[] {
    return this.shown.split("\r\n");
  }

  /** Of the command. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Resolves with the exit code of the command. */
  get exited(): Promise<number> {
    return this.#child.exited;
  }

  /** Waits until this is shown. */
  async until(part: string): Promise<void> {
    await waitFor(`${JSON.stringify(part)} on the terminal`, () => this.shown.includes(part));
  }

  type(text: string): void {
    this.#child.terminal?.write(text);
  }

  /** As when its window is made larger or smaller. */
  resize(columns: number, rows: number): void {
    this.#child.terminal?.resize(columns, rows);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** As when its window is closed: the command is hung up on. */
  close(): void {
    this.#child.terminal?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    this.#child.kill("SIGKILL");
    await this.#child.exited;
  }
}
