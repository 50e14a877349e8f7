// Types the commands of a document into one shell, one after the other, as a reader would: its
// variables and its folder stay. Each command's end is marked in what the shell prints.

import { waitFor } from "../../support/wait.ts";

export interface Typed {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface TypistOptions {
  readonly shell?: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** What stands in the document, and what is typed in its place: hosts and ports. */
  readonly replacements?: Readonly<Record<string, string>>;
}

const MARK = "\x1e";

export class Typist implements AsyncDisposable {
  readonly #shell: Bun.Subprocess<"pipe", "pipe", "pipe">;
  readonly #replacements: readonly (readonly [shown: string, typed: string])[];
  readonly #said = { stdout: "", stderr: "" };

  constructor(options: TypistOptions) {
    const { shell = "sh", cwd, env, replacements = {} } = options;
    this.#replacements = Object.entries(replacements);
    this.#shell = Bun.spawn([shell], { cwd, env, stdin: "pipe", stdout: "pipe", stderr: "pipe" });
    void this.#listen("stdout");
    void this.#listen("stderr");
  }

  /** Types a command and waits for its end. `$?` is then its exit code, as in a terminal. */
  async type(command: string): Promise<Typed> {
    const line = exchange(command, this.#replacements);
    this.#said.stdout = "";
    this.#said.stderr = "";
    const mark = `__code=$?; printf '\\036%s\\036' "$__code"; printf '\\036' >&2; (exit "$__code")`;
    // Nothing of what is yet to be typed is for the command to read.
    this.#shell.stdin.write(`{ ${line}\n} </dev/null\n${mark}\n`);
    this.#shell.stdin.flush();
    await waitFor(`${line} to end; so far: ${this.#said.stdout}${this.#said.stderr}`, () => {
      if (this.#shell.exitCode !== null) throw new Error(`the shell ended: ${this.#said.stderr}`);
      return this.#said.stdout.endsWith(MARK) && this.#said.stderr.endsWith(MARK);
    });
    const [stdout = "", code = ""] = this.#said.stdout.split(MARK);
    const stderr = this.#said.stderr.slice(0, -MARK.length);
    return { code: Number(code), stdout: this.asShown(stdout), stderr: this.asShown(stderr) };
  }

  /** What was printed, in the document's words. */
  asShown(text: string): string {
    return exchange(
      text,
      this.#replacements.map(([shown, typed]) => [typed, shown]),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#shell.stdin.end();
    this.#shell.kill();
    await this.#shell.exited;
  }

  async #listen(stream: "stdout" | "stderr"): Promise<void> {
    const decoder = new TextDecoder();
    for await (const bytes of this.#shell[stream]) {
      this.#said[stream] += decoder.decode(bytes, { stream: true });
    }
  }
}

function exchange(text: string, pairs: readonly (readonly [from: string, to: string])[]): string {
  return pairs.reduce((changed, [from, to]) => changed.replaceAll(from, to), text);
}
