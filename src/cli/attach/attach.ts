// `korun attach`: goes to the terminal of a session, says how to leave it, and in the end what
// became of it.

import type { SessionReply } from "../../api/replies.ts";
import type { ExitMessage } from "../../api/terminal.ts";
import { formatDuration } from "../../domain/duration.ts";
import { Problem } from "../../domain/problem.ts";
import { terminalSize } from "../../native/terminal-size.ts";
import { EXIT, exitCodeOfStart } from "../exit.ts";
import { openClient } from "../open-client.ts";
import { labelOf, pickSession } from "../pick.ts";
import { note } from "../show/note.ts";
import { isBrokenPipe } from "../show/print.ts";
import { exitCodeOfSignal } from "../start/signals.ts";
import { attachSession, type Parting } from "./attach-session.ts";
import { DETACH_KEY, DetachKey } from "./detach-key.ts";

export interface AttachWish {
  /** Of form `DETACH_KEY_FORM`; the usual one when it is not given. */
  readonly key: string | undefined;
  /** Whether keys are sent, if there is a keyboard. */
  readonly input: boolean;
}

/** Stays until the session ends or is left, and gives the exit code. */
export async function attachTo(words: readonly string[], wish: AttachWish): Promise<number> {
  const client = openClient({ launch: "remembered" });
  const { body: session } = await client.inspect(await pickSession(client, words));
  expectTerminal(session);
  const label = labelOf(session);
  const detachKey = new DetachKey(wish.key ?? DETACH_KEY);
  const input = wish.input && process.stdin.isTTY;
  note.info(input ? `attached to ${label}; ${detachKey.label} detaches` : `watching ${label}`);
  const departure = new Departure();
  try {
    const parting = await attachSession(client, {
      id: session.id,
      // A screen is drawn on terminals only: elsewhere, what was written comes as it is.
      ...((await terminalSize(1)) === undefined ? { run: session.run } : {}),
      input,
      detachKey,
      leaving: departure.signal,
      check: async () => expectTerminal((await client.inspect(session.id)).body),
      onEnd: (exit) => note.info(`${ended(label, exit)}; ${whatNext(exit)}`),
    });
    return departure.exitCode ?? tellParting(label, parting);
  } catch (thrown) {
    if (!isBrokenPipe(thrown) || departure.exitCode === undefined) throw thrown;
    return departure.exitCode;
  } finally {
    departure.close();
  }
}

function expectTerminal(session: SessionReply): void {
  const label = labelOf(session);
  if (session.pty === null) {
    throw new Problem("conflict", `${label} has no terminal to attach to`, {
      hint: "Start it with --pty. `korun logs -f` follows its output.",
    });
  }
  if (session.terminal?.state === "lost") {
    throw new Problem("conflict", `the terminal of ${label} is lost: nothing comes from it`, {
      hint: `\`korun restart ${label}\` starts it in another; \`korun logs ${label}\` has what it showed.`,
    });
  }
  if (process.env.KORUN_SESSION_ID !== session.id) return;
  throw new Problem("conflict", `this is the terminal of ${label} already`, {
    hint: "Attach to it from a terminal outside of it.",
  });
}

function tellParting(label: string, parting: Parting): number {
  switch (parting.kind) {
    case "ended":
      note.info(ended(label, parting.exit));
      return exitCodeOf(parting.exit);
    case "detached":
      note.info(`detached from ${label}; \`korun attach ${label}\` comes back`);
      return EXIT.ok;
    case "left":
      note.warn("the daemon has stopped");
      return EXIT.failure;
    default:
      return parting satisfies never;
  }
}

function ended(label: string, { exit_code, term_signal, error }: ExitMessage): string {
  if (error !== null) return `${label} could not start: ${error}`;
  if (term_signal !== null) return `${label} was ended by ${term_signal}`;
  return exit_code === null ? `${label} has ended` : `${label} ended with code ${exit_code}`;
}

function whatNext({ next_restart_at }: ExitMessage): string {
  if (next_restart_at === null) return "it may start again";
  const waitMs = Math.max(0, Date.parse(next_restart_at) - Date.now());
  return `it starts again in ${formatDuration(waitMs)}`;
}

function exitCodeOf({ exit_code, term_signal, error }: ExitMessage): number {
  if (error !== null) return exitCodeOfStart(error);
  if (term_signal !== null) return exitCodeOfSignal(term_signal);
  return exit_code ?? EXIT.failure;
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Signals to us: the terminal is put in order before we go, and the session goes on. */
class Departure {
  readonly #leaving = new AbortController();
  readonly #handlers = SIGNALS.map((signal) => [signal, () => this.#take(signal)] as const);
  #exitCode: number | undefined;

  constructor() {
    for (const [signal, handler] of this.#handlers) process.on(signal, handler);
  }

  get signal(): AbortSignal {
    return this.#leaving.signal;
  }

  /** As a shell would see it, had the signal ended us. */
  get exitCode(): number | undefined {
    return this.#exitCode;
  }

  close(): void {
    for (const [signal, handler] of this.#handlers) process.off(signal, handler);
  }

  #take(signal: (typeof SIGNALS)[number]): void {
    // Something holds us up, such as a terminal that shows nothing.
    if (this.#exitCode !== undefined) process.exit(exitCodeOfSignal(signal));
    this.#exitCode = exitCodeOfSignal(signal);
    this.#leaving.abort();
  }
}
