// Those who watch the terminal of one session, and its screen. While anybody watches, what the
// session writes and what becomes of its runs is followed; afterwards only the screen is kept, and
// for a minute. The emulator is loaded when a screen is first wanted.

import { CLOSE, type ExitMessage } from "../../api/terminal.ts";
import type { Run } from "../../domain/history.ts";
import type { SessionInput } from "../../domain/input.ts";
import { Problem } from "../../domain/problem.ts";
import type { OutputStream, SessionSnapshot, TerminalDimensions } from "../../domain/session.ts";
import type { RawOutput } from "../../logs/raw.ts";
import { LiveScreen } from "../../terminal/live-screen.ts";
import { type FollowedSession, RunFollower, type RunListener } from "../follow/run-follower.ts";
import type { History } from "../ports.ts";
import { timeOrNull } from "../present/session.ts";
import type { Mark, Stage, Viewer } from "./viewer.ts";

/** How long the screen is kept when nobody watches, in ms. */
const LINGER_MS = 60_000;

/** How long keys wait for a program that does not read, in ms. */
const KEY_PATIENCE_MS = 60_000;

/** So much is sent as it was written to one who goes on; beyond that, the screen. */
const RESUME_BYTES = 1_048_576;

const USUAL_SIZE: TerminalDimensions = { cols: 80, rows: 24 };

/** A session that has a terminal. */
export interface TerminalSession extends FollowedSession {
  readonly log: FollowedSession["log"] & { bytes(stream: OutputStream): RawOutput };
  readonly input: SessionInput | undefined;
  snapshot(): SessionSnapshot;
}

export interface AudienceOptions {
  readonly session: TerminalSession;
  readonly history: Pick<History, "runs" | "newest" | "follow">;
  readonly onDefect: (thrown: unknown) => void;
  /** Nobody watches, and nothing is kept any more. */
  readonly onEnd: () => void;
  /** The same; a minute unless a test says otherwise. */
  readonly lingerMs?: number;
}

export class Audience implements Stage, RunListener {
  readonly #options: AudienceOptions;
  /** Whoever has decided the size comes last. */
  readonly #viewers = new Set<Viewer>();
  /** Whose size the terminal was given last. */
  #decider: Viewer | undefined;
  /** The newest run, and where it begins. */
  #run = { number: 0, start: 0 };
  /** The newest run whose end is known. */
  #ended = 0;
  #size: TerminalDimensions;
  /** Where in the output it was last seen to have that size. */
  #sizeSeen = 0;
  /** From where on it is known to have that size. */
  #sizedFrom = 0;
  #screen: { readonly run: number; readonly opened: Promise<LiveScreen> } | undefined;
  #bell: RawOutput | undefined;
  #follower: RunFollower | undefined;
  #linger: Timer | undefined;

  constructor(options: AudienceOptions) {
    this.#options = options;
    this.#size = options.session.snapshot().spec.pty ?? USUAL_SIZE;
  }

  read(): RawOutput {
    return this.#options.session.log.bytes("stdout");
  }

  joined(viewer: Viewer): void {
    if (this.#bell === undefined) this.#begin();
    this.runsChanged();
    this.#viewers.add(viewer);
    const newest = this.#runs().at(-1);
    if (newest !== undefined && newest.end !== null) viewer.mark(this.#exitMark(newest));
    if (!this.#goOn(viewer)) this.show(viewer);
    // After the screen was begun: what was written before was written for the old size.
    this.decides(viewer);
  }

  left(viewer: Viewer): void {
    this.#viewers.delete(viewer);
    if (this.#viewers.size > 0) {
      if (viewer === this.#decider) this.#passSizeOn();
      return;
    }
    this.#follower?.close();
    this.#bell?.close();
    this.#bell = undefined;
    const { lingerMs = LINGER_MS } = this.#options;
    this.#linger = setTimeout(() => this.#end(), lingerMs).unref();
  }

  show(viewer: Viewer): void {
    const run = this.#run.number;
    const { opened } = this.#openScreen();
    const shown = opened
      .then((screen) => screen.shoot())
      .then((shot) => {
        const { position, lost, size, text } = shot;
        const bytes = text.length;
        const message = { type: "screen", run, position, bytes, ...size, lost } as const;
        viewer.begin({ position, message, run, shot });
      });
    shown.catch((thrown: unknown) => {
      this.#screen = undefined;
      this.#options.onDefect(thrown);
      viewer.close(1011, "korun failed at its screen");
    });
  }

  async type(bytes: Uint8Array): Promise<void> {
    try {
      await this.#options.session.input?.write(bytes, { timeoutMs: KEY_PATIENCE_MS });
    } catch (thrown) {
      // The program has ended, or does not read: so nobody reads these keys, as on any terminal.
      if (!(thrown instanceof Problem)) this.#options.onDefect(thrown);
    }
  }

  decides(viewer: Viewer): void {
    const { size } = viewer;
    if (size === undefined) return;
    this.#decider = viewer;
    this.#viewers.delete(viewer);
    this.#viewers.add(viewer);
    this.#resize(size);
  }

  runsChanged(): void {
    for (const run of this.#runs()) {
      if (run.number > this.#run.number) this.#startRun(run);
      if (run.number <= this.#ended || run.end === null) continue;
      this.#ended = run.number;
      this.#markAll(this.#exitMark(run));
    }
  }

  over(): void {
    this.#markAll({ at: 0, run: this.#run.number, message: undefined, closes: true });
  }

  /** To one who stays, and sees it wrong until the program draws for that size. */
  #passSizeOn(): void {
    const next = [...this.#viewers].findLast(({ size }) => size !== undefined);
    if (next === undefined) this.#decider = undefined;
    else this.decides(next);
  }

  #begin(): void {
    const { session, history } = this.#options;
    clearTimeout(this.#linger);
    this.#follower = new RunFollower({ session, history, listener: this });
    this.#bell = this.read();
    this.#beginSize(this.#bell);
    void this.#listen(this.#bell);
  }

  #end(): void {
    this.#closeScreen();
    this.#options.onEnd();
  }

  #closeScreen(): void {
    void this.#screen?.opened.then((screen) => screen.close());
    this.#screen = undefined;
  }

  #openScreen(): { readonly opened: Promise<LiveScreen> } {
    const { number, start } = this.#run;
    const [size, sizedFrom] = [this.#size, this.#sizedFrom];
    if (this.#screen?.run !== number) this.#closeScreen();
    this.#screen ??= {
      run: number,
      opened: LiveScreen.open({ output: this.read(), start, size, sizedFrom }),
    };
    return this.#screen;
  }

  /** With what is written from there on, if that is held and not too much. */
  #goOn(viewer: Viewer): boolean {
    const { number: run, start } = this.#run;
    const { resumption } = viewer;
    if (this.#bell === undefined || resumption?.run !== run) return false;
    const position = resumption.from ?? start;
    const { oldest, head } = this.#bell;
    if (position < Math.max(start, oldest, head - RESUME_BYTES) || position > head) return false;
    viewer.begin({ position, run, message: { type: "output", run, position, ...this.#size } });
    return true;
  }

  async #listen(bell: RawOutput): Promise<void> {
    while (!bell.closed) {
      // What came so far has been heard.
      bell.read(bell.head, 0);
      this.#noteSize();
      // Its first bytes may be quicker than the news of it.
      if (this.#options.session.snapshot().run !== this.#run.number) this.runsChanged();
      for (const viewer of this.#viewers) viewer.pump();
      void this.#screen?.opened.then((screen) => screen.keepUp());
      await bell.changed();
    }
    if (this.#bell === bell) this.#closeAll(CLOSE.goingAway, "the session is gone");
  }

  #startRun({ number, outputBefore }: Run): void {
    const { stdoutBytes: position } = outputBefore;
    this.#run = { number, start: position };
    this.#closeScreen();
    const message = { type: "output", run: number, position, ...this.#size } as const;
    this.#markAll({ at: position, run: number, message });
  }

  #exitMark({ number, exitCode, termSignal, end, outputAfter }: Run): Mark {
    const { session } = this.#options;
    const over = session.isOver();
    const message: ExitMessage = {
      type: "exit",
      run: number,
      exit_code: exitCode,
      term_signal: termSignal,
      error: end?.kind === "failed" ? end.error : null,
      over,
      next_restart_at: timeOrNull(session.snapshot().nextRestartAt),
    };
    return { at: outputAfter?.stdoutBytes ?? 0, run: number, message, closes: over };
  }

  /** Nobody has looked until now: where its size has changed is not known. */
  #beginSize({ head }: RawOutput): void {
    const size = this.#sizeNow();
    this.#sizeSeen = head;
    if (isSame(size, this.#size)) return;
    this.#size = size;
    this.#sizedFrom = head;
    this.#closeScreen();
  }

  /**
   * A program may draw for a new size before we hear of that. So the size holds from the place on
   * where the old one was seen last, and it is looked at before it is changed, too.
   */
  #noteSize(): void {
    const seen = this.#bell?.head ?? 0;
    const size = this.#sizeNow();
    const at = this.#sizeSeen;
    this.#sizeSeen = seen;
    if (isSame(size, this.#size)) return;
    this.#size = size;
    this.#sizedFrom = at;
    void this.#screen?.opened.then((screen) => screen.resize(size, at));
    this.#markAll({ at, run: this.#run.number, message: { type: "resized", ...size } });
  }

  #resize(size: TerminalDimensions): void {
    this.#noteSize();
    if (isSame(size, this.#size)) return;
    try {
      this.#options.session.input?.resize(size);
    } catch (thrown) {
      if (!(thrown instanceof Problem)) this.#options.onDefect(thrown);
    }
    this.#noteSize();
  }

  #sizeNow(): TerminalDimensions {
    const { input } = this.#options.session;
    return input?.size() ?? this.#options.session.snapshot().spec.pty ?? USUAL_SIZE;
  }

  #runs(): readonly Run[] {
    return this.#options.history.runs(this.#options.session.id);
  }

  #markAll(mark: Mark): void {
    for (const viewer of this.#viewers) viewer.mark(mark);
  }

  #closeAll(code: number, reason: string): void {
    for (const viewer of this.#viewers) viewer.close(code, reason);
  }
}

function isSame(one: TerminalDimensions, other: TerminalDimensions): boolean {
  return one.cols === other.cols && one.rows === other.rows;
}
