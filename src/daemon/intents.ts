// When a daemon is to end: asked once, gracefully; asked again, at once. Signals, clients and the
// loss of what it cannot work without all say it here.

/** Why, and whether the end is a failure. */
export interface StopRequest {
  readonly reason: string;
  readonly exitCode: number;
  /** Sessions go on: the next daemon, this executable, takes them over. */
  readonly successor?: string;
}

export class StopIntents {
  readonly #first = Promise.withResolvers<StopRequest>();
  readonly #second = Promise.withResolvers<StopRequest>();
  #asked = 0;

  /** Resolves when a stop is asked for. */
  get first(): Promise<StopRequest> {
    return this.#first.promise;
  }

  /** Resolves when it is asked for again. */
  get second(): Promise<StopRequest> {
    return this.#second.promise;
  }

  request(reason: string, exitCode = 0): void {
    this.#ask({ reason, exitCode });
  }

  /** The daemon ends, its sessions do not. */
  requestHandover(successor: string): void {
    this.#ask({ reason: `handing over to ${successor}`, exitCode: 0, successor });
  }

  /** Takes the signals. A hang-up ends only a daemon that has a terminal. */
  listen(options: { detached: boolean }): void {
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      process.on(signal, () => this.request(signal));
    }
    process.on("SIGHUP", () => {
      if (!options.detached) this.request("SIGHUP");
    });
  }

  #ask(request: StopRequest): void {
    this.#asked += 1;
    const due = this.#asked === 1 ? this.#first : this.#second;
    due.resolve(request);
  }
}
