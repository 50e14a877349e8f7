// Signals to `korun run`: the first one stops the session gracefully, the second kills it, the third
// gives up waiting for it. A closed terminal stops it too.

import type { Client } from "../../client/client.ts";
import { outlivingCall } from "../../client/follow.ts";
import { isProblem } from "../../domain/problem.ts";
import { report } from "../show/report.ts";
import { exitCodeOfSignal } from "./signals.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

type Signal = (typeof SIGNALS)[number];

export class Interrupts {
  readonly #handlers = SIGNALS.map((signal) => [signal, () => this.#take(signal)] as const);
  #count = 0;
  #last: Signal | undefined;
  #session: { readonly client: Client; readonly id: string } | undefined;

  constructor() {
    for (const [signal, handler] of this.#handlers) process.on(signal, handler);
  }

  /** The session that signals are for, now that there is one. */
  aim(client: Client, id: string): void {
    this.#session = { client, id };
    if (this.#count > 0) this.#end({ force: this.#count > 1 });
  }

  /** There is a session, and it is not ours to end: a signal ends us alone. */
  leave(): void {
    this.close();
    if (this.#last !== undefined) process.kill(process.pid, this.#last);
  }

  /** Signals do again what they do to any process. */
  close(): void {
    for (const [signal, handler] of this.#handlers) process.off(signal, handler);
  }

  #take(signal: Signal): void {
    // A terminal that closes may say so several times, and that is no wish to kill.
    if (signal === "SIGHUP" && this.#count > 0) return;
    this.#count += 1;
    this.#last = signal;
    if (this.#count > 2) process.exit(exitCodeOfSignal(signal));
    if (this.#session !== undefined) this.#end({ force: this.#count > 1 });
    if (signal === "SIGINT") this.#tell();
  }

  #end({ force }: { force: boolean }): void {
    if (this.#session === undefined) return;
    const { client, id } = this.#session;
    const stop = () => client.stop(id, { wait: false, force });
    outlivingCall(client, stop).catch((thrown: unknown) => {
      // It ended by itself in the same moment, which is what was wanted.
      if (isProblem(thrown, "conflict")) return;
      report(thrown);
    });
  }

  #tell(): void {
    const text =
      this.#count === 1 ? "stopping; once more kills it" : "killing; once more leaves it alone";
    void import("../show/note.ts").then(({ note }) => note.info(text));
  }
}
