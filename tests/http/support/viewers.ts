// A session with a terminal, without processes, and those who watch it.

import { sessionPath } from "../../../src/api/paths.ts";
import type { TerminalMessage } from "../../../src/api/terminal.ts";
import type { Happening, Run } from "../../../src/domain/history.ts";
import type { InputOptions, SessionInput } from "../../../src/domain/input.ts";
import type { EndCause, TerminalDimensions } from "../../../src/domain/session.ts";
import { waitFor } from "../../support/wait.ts";
import type { FakeSession } from "./directory.ts";
import type { TestServer } from "./server.ts";

export class FakeTerminal implements SessionInput {
  readonly kind = "terminal";
  /** All that was typed. */
  typed = "";
  /** What its program does when it hears of another size. */
  onResize: () => void = () => undefined;
  #size: TerminalDimensions;
  #reading = Promise.resolve();

  constructor(size: TerminalDimensions) {
    this.#size = size;
  }

  async write(bytes: Uint8Array, _: InputOptions): Promise<{ written: number }> {
    await this.#reading;
    this.typed += new TextDecoder().decode(bytes);
    return { written: bytes.length };
  }

  /** Reads nothing until what is returned is called. */
  stopReading(): () => void {
    const reading = Promise.withResolvers<void>();
    this.#reading = reading.promise;
    return reading.resolve;
  }

  end(): void {}

  resize(size: TerminalDimensions): void {
    this.#size = size;
    this.onResize();
  }

  size(): TerminalDimensions {
    return this.#size;
  }
}

/** A session in a terminal of 80 by 24, with one run. */
export class Terminals {
  readonly id: string;
  readonly input = new FakeTerminal({ cols: 80, rows: 24 });
  readonly #server: TestServer;
  readonly #session: FakeSession;
  #run = 0;

  static async start(server: TestServer): Promise<Terminals> {
    const made = await server.session();
    return new Terminals(server, made);
  }

  private constructor(server: TestServer, session: FakeSession) {
    this.#server = server;
    this.#session = session;
    this.id = session.id;
    session.input = this.input;
    Object.assign(session, { spec: { ...session.spec, pty: { cols: 80, rows: 24 } } });
    this.startRun();
  }

  get output() {
    return this.#session.log.raw;
  }

  print(text: string | Uint8Array): void {
    this.output.write(text);
  }

  startRun(): void {
    this.#run += 1;
    const run: Run = {
      number: this.#run,
      pid: 4_242,
      startTime: 1,
      startedAt: Date.now(),
      endedAt: null,
      exitCode: null,
      termSignal: null,
      cause: { kind: "create" },
      end: null,
      outputBefore: this.#totals(),
      outputAfter: null,
    };
    const runs = this.#server.history.runs(this.id);
    this.#server.history.runsOf.set(this.id, [...runs, run]);
    this.#session.facts = { state: "running", run: this.#run };
    this.#tell({ type: "starting", run: this.#run, cause: run.cause });
  }

  /** With `armed`, a file change could start it again. */
  endRun({ exitCode = 0, armed = false }: { exitCode?: number; armed?: boolean } = {}): void {
    const end: EndCause = { kind: "exit" };
    const runs = this.#server.history
      .runs(this.id)
      .map((run) =>
        run.number === this.#run
          ? { ...run, endedAt: Date.now(), exitCode, end, outputAfter: this.#totals() }
          : run,
      );
    this.#server.history.runsOf.set(this.id, runs);
    this.#session.facts = {
      state: "exited",
      run: this.#run,
      exit: { code: exitCode, signal: null },
      watching: { state: armed ? "armed" : "off", directories: 0, problem: null },
    };
    this.#tell({ type: "exited", run: this.#run, exitCode, termSignal: null, end });
    if (!armed) this.#session.log.end();
  }

  /** At rest: no file change starts it any more. */
  disarm(): void {
    this.#session.facts = {
      ...this.#session.facts,
      watching: { state: "off", directories: 0, problem: null },
    };
    this.#session.log.end();
  }

  #totals() {
    const stdoutBytes = this.output.head;
    return { stdoutBytes, stdoutLines: 0, stderrBytes: 0, stderrLines: 0 };
  }

  #tell(happening: Happening): void {
    this.#server.history.append({ ...happening, time: Date.now(), sessionId: this.id });
  }
}

export interface WatchOptions {
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly over?: "tcp" | "unix";
}

/** One who watches, and keeps all that came. */
export class Watcher implements Disposable {
  readonly messages: TerminalMessage[] = [];
  /** What came since the newest screen or output began. */
  shown = "";
  closed: { readonly code: number; readonly reason: string } | undefined;
  readonly #socket: WebSocket;

  static async open(
    server: TestServer,
    id: string,
    { query = "", headers = {}, over = "unix" }: WatchOptions = {},
  ): Promise<Watcher> {
    const path = `${sessionPath(id, "attach")}${query}`;
    const base = over === "unix" ? `ws+unix://${server.socket}:` : `ws://127.0.0.1:${server.port}`;
    const watcher = new Watcher(new WebSocket(`${base}${path}`, { headers }));
    await waitFor("the watcher to be let in", () => watcher.isOpen || watcher.closed);
    return watcher;
  }

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.binaryType = "nodebuffer";
    const decoder = new TextDecoder();
    socket.addEventListener("message", ({ data }) => {
      if (typeof data === "string") {
        const message = JSON.parse(data) as TerminalMessage;
        this.messages.push(message);
        if (message.type === "screen" || message.type === "output") this.shown = "";
      } else this.shown += decoder.decode(data as Buffer, { stream: true });
    });
    socket.addEventListener("close", ({ code, reason }) => {
      this.closed = { code, reason };
    });
  }

  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  get types(): string[] {
    return this.messages.map(({ type }) => type);
  }

  /** The newest message of a type. */
  last<Type extends TerminalMessage["type"]>(
    type: Type,
  ): Extract<TerminalMessage, { type: Type }> | undefined {
    return this.messages.findLast(
      (message): message is Extract<TerminalMessage, { type: Type }> => message.type === type,
    );
  }

  type(keys: string): void {
    this.#socket.send(Buffer.from(keys));
  }

  say(message: object | string): void {
    this.#socket.send(typeof message === "string" ? message : JSON.stringify(message));
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  async until(shown: string): Promise<void> {
    await waitFor(`${JSON.stringify(shown)} to be shown`, () => this.shown.includes(shown));
  }

  async untilClosed(): Promise<{ readonly code: number; readonly reason: string }> {
    return await waitFor("the connection to be closed", () => this.closed);
  }

  async untilSaid(type: TerminalMessage["type"]): Promise<void> {
    await waitFor(`${type} to be said`, () => this.types.includes(type));
  }

  [Symbol.dispose](): void {
    this.#socket.terminate();
  }
}
