// One request at a time over a plain socket, timed from the first byte sent (or from the connection
// asked for) to the last byte received.

/** A connection that takes requests one after another. */
export class Probe {
  readonly #port: number;
  #socket: Bun.Socket | undefined;
  #received = "";
  #answered: PromiseWithResolvers<void> | undefined;

  private constructor(port: number) {
    this.#port = port;
  }

  static async connect(port: number): Promise<Probe> {
    const probe = new Probe(port);
    const fail = () => probe.#answered?.reject(new Error("the connection was closed"));
    probe.#socket = await Bun.connect({
      hostname: "127.0.0.1",
      port,
      socket: { data: (_, bytes) => probe.#take(bytes), close: fail, error: fail },
    });
    return probe;
  }

  /** Asks and waits for the whole answer. Throws unless it is a 200. */
  async get(path: string): Promise<void> {
    const answered = Promise.withResolvers<void>();
    this.#answered = answered;
    this.#socket?.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${this.#port}\r\n\r\n`);
    await answered.promise;
  }

  close(): void {
    this.#answered = undefined;
    this.#socket?.end();
  }

  #take(bytes: Buffer): void {
    this.#received += bytes.toString("latin1");
    const head = this.#received.indexOf("\r\n\r\n");
    if (head < 0) return;
    const length = /^content-length: (\d+)/im.exec(this.#received)?.[1];
    if (this.#received.length < head + 4 + Number(length)) return;
    const isGood = length !== undefined && this.#received.startsWith("HTTP/1.1 200");
    const answer = this.#received;
    this.#received = "";
    if (isGood) this.#answered?.resolve();
    else this.#answered?.reject(new Error(`no good answer: ${answer}`));
  }
}

/** Milliseconds of a request with a connection of its own. */
export async function timeFresh(port: number, path: string): Promise<number> {
  const start = performance.now();
  const probe = await Probe.connect(port);
  await probe.get(path);
  const end = performance.now();
  probe.close();
  return end - start;
}

/** Milliseconds of a request over a connection that is there. */
export async function timeKept(probe: Probe, path: string): Promise<number> {
  const start = performance.now();
  await probe.get(path);
  return performance.now() - start;
}
