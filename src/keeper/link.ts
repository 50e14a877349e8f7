// The daemon's side of the link to its keeper. A daemon that a keeper started finds the link among
// its descriptors; one that has none, or has lost it, starts a keeper itself and tells it all that
// is to be held. A keeper is never needed to go on: without one, the daemon only goes unguarded.

import { messageOf } from "../domain/problem.ts";
import { startTimeOf } from "../process/identity.ts";
import { Backoff } from "./backoff.ts";
import { Channel } from "./channel.ts";
import { sameExecutable } from "./executable.ts";
import { HANDS_FD, Hands } from "./hands.ts";
import { Masters } from "./masters.ts";
import {
  type DropRequest,
  type ExitRecord,
  type FromKeeper,
  type Held,
  type HoldRequest,
  type KeeperHello,
  keyOfRun,
  LINK_FD,
  LINK_VARIABLE,
  PROTOCOL,
  type RunKey,
  SET_ASIDE_VARIABLE,
  type ToKeeper,
} from "./protocol.ts";

/** Longest wait for a hold, in ms: a child's start is not delayed by more. */
const HOLD_WAIT_MS = 200;

/** Longest wait for a terminal, in ms: without it, the process that runs in it is hung up. */
const CLAIM_WAIT_MS = 5_000;

/** The id of a hold whose answer nobody waits for. */
const NOBODY = 0;

/** Somebody who waits for an answer about a run. */
interface Asked {
  readonly key: string;
  resolve(held: Held): void;
}

/** What a keeper left in the environment of a daemon it started. */
export interface KeeperLegacy {
  /** The daemon's end of the link. */
  readonly fd: number | undefined;
  /** Begin with fresh rings. */
  readonly setAside: boolean;
}

/** Takes it out of the environment, which the daemon's children may inherit. */
export function takeLegacy(env: Record<string, string | undefined>): KeeperLegacy {
  const fd = env[LINK_VARIABLE] === undefined ? undefined : LINK_FD;
  const setAside = env[SET_ASIDE_VARIABLE] !== undefined;
  delete env[LINK_VARIABLE];
  delete env[SET_ASIDE_VARIABLE];
  return { fd, setAside };
}

export interface KeeperLinkOptions {
  /** The link that this process was started with. */
  readonly fd: number | undefined;
  /** Starts a keeper that joins us, such as `korun daemon keep --join`; its log is our stderr. */
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  /** A process that fell to the keeper has ended. */
  onEnded?(record: ExitRecord): void;
  /** A keeper is there, and says what became of the daemons before us. */
  onKeeper?(hello: KeeperHello): void;
  /** The keeper is gone; another one is being started. */
  onLost?(): void;
  onFault(thrown: unknown): void;
}

export class KeeperLink {
  readonly #options: KeeperLinkOptions;
  readonly #holds = new Map<string, HoldRequest>();
  readonly #backoff = new Backoff();
  readonly #asked = new Map<number, Asked>();
  readonly #masters = new Masters();
  readonly #claims = new Map<number, (ok: boolean) => void>();
  #channel: Channel | undefined;
  #hands: Hands | undefined;
  #keeper: KeeperHello | undefined;
  #restart: Timer | undefined;
  #lastId = 0;
  #closing = false;

  constructor(options: KeeperLinkOptions) {
    this.#options = options;
    if (options.fd === undefined) this.#startKeeper();
    else this.#open(options.fd, Hands.at(HANDS_FD));
  }

  /** The keeper that is there now. */
  get keeper(): KeeperHello | undefined {
    return this.#keeper;
  }

  /**
   * Asks for something of a run to be kept alive. Resolves with the answer, or with undefined after
   * 200 ms without one; a keeper that comes later is asked too. Never rejects. `terminal` is the
   * master of the run's terminal, which is copied.
   */
  hold(request: HoldRequest, terminal?: number): Promise<Held | undefined> {
    const key = keyOfRun(request);
    this.#holds.set(key, { ...this.#holds.get(key), ...request });
    if (terminal !== undefined) this.#masters.keep(key, terminal);
    const id = ++this.#lastId;
    const { promise, resolve } = Promise.withResolvers<Held | undefined>();
    const timer = setTimeout(() => resolve(undefined), HOLD_WAIT_MS);
    this.#asked.set(id, { key, resolve });
    this.#send({ hold: { ...request, id, ...(terminal === undefined ? {} : this.#give(key)) } });
    return promise.finally(() => {
      clearTimeout(timer);
      this.#asked.delete(id);
    });
  }

  /** Lets go of one run, or of all of a session. */
  drop(request: DropRequest): void {
    for (const [key, { session, run }] of this.#holds) {
      const isMeant = session === request.session && (request.run ?? run) === run;
      if (isMeant) this.#forget(key);
    }
    this.#send({ drop: request });
  }

  /** The end of input was sent to a session's run: nobody holds its pipe open any more. */
  endInput(session: string): void {
    for (const [key, hold] of this.#holds) {
      if (hold.session === session) this.#holds.set(key, { ...hold, inputs: [] });
    }
    this.#send({ endInput: { session } });
  }

  /**
   * The master of the terminal that a run of an earlier daemon has, the caller's to close.
   * Undefined when the keeper has none. Goes on holding it.
   */
  async claim(run: RunKey): Promise<number | undefined> {
    const id = ++this.#lastId;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => resolve(false), CLAIM_WAIT_MS);
    this.#claims.set(id, resolve);
    this.#send({ claim: { ...run, id } });
    const isThere = this.#channel !== undefined && (await promise);
    clearTimeout(timer);
    this.#claims.delete(id);
    const master = isThere ? this.#hands?.take(id) : undefined;
    if (master === undefined) return undefined;
    const key = keyOfRun(run);
    this.#holds.set(key, { ...this.#holds.get(key), ...run });
    this.#masters.keep(key, master);
    return master;
  }

  /** Lets go of all sessions but these: to be called once a recovery has held what it found. */
  retain(sessions: readonly string[]): void {
    for (const [key, { session }] of this.#holds) {
      if (!sessions.includes(session)) this.#forget(key);
    }
    this.#send({ retain: { sessions } });
  }

  /** The next daemon is to be this executable, once we have ended. Say `bye` when we do. */
  upgrade(binary: string): void {
    this.#send({ upgrade: { binary } });
  }

  /** The last thing a daemon does that ends on purpose: the keeper goes too. */
  bye(): void {
    this.#send({ bye: true });
    this.close();
  }

  /** Goes on without a keeper. */
  close(): void {
    this.#closing = true;
    clearTimeout(this.#restart);
    this.#channel?.end();
  }

  #forget(key: string): void {
    this.#holds.delete(key);
    this.#masters.forget(key);
  }

  /** Hands a run's terminal to the keeper, and gives what the hold is to say of it. */
  #give(key: string): { terminal?: number } {
    const tag = ++this.#lastId;
    const outcome = this.#masters.give(key, { hands: this.#hands, tag });
    if (outcome === "failed") {
      this.#options.onFault(new Error("a terminal could not be handed over: it ends with us"));
    }
    return outcome === "given" ? { terminal: tag } : {};
  }

  #send(message: ToKeeper): void {
    this.#channel?.send(message);
  }

  #startKeeper(): void {
    try {
      const { command, argv0 } = sameExecutable(this.#options.command);
      const keeper = Bun.spawn(command, {
        argv0,
        // It outlives us, and no signal meant for us is meant for it.
        detached: true,
        env: { ...this.#options.env },
        stdio: ["ignore", "inherit", "inherit", "ignore", "pipe", "pipe"],
      });
      keeper.unref();
      this.#open(Number(keeper.stdio[LINK_FD]), new Hands(Number(keeper.stdio[HANDS_FD])));
    } catch (thrown) {
      this.#options.onFault(new Error(`cannot start a keeper: ${messageOf(thrown)}`));
      this.#lost();
    }
  }

  #open(fd: number, hands: Hands | undefined): void {
    this.#hands = hands;
    const channel = new Channel(fd, {
      onLine: (line) => this.#hear(JSON.parse(line) as FromKeeper),
      onClosed: () => this.#lost(),
      onFault: this.#options.onFault,
    });
    this.#channel = channel;
    const { version } = this.#options;
    const startTime = startTimeOf(process.pid) ?? 0;
    channel.send({ hello: { pid: process.pid, startTime, version, protocol: PROTOCOL } });
  }

  #hear({ hello, held, claimed, ended }: FromKeeper): void {
    if (claimed !== undefined) this.#claims.get(claimed.id)?.(claimed.ok);
    if (hello !== undefined) this.#meet(hello);
    if (held !== undefined) {
      const { id, ...answer } = held;
      this.#asked.get(id)?.resolve(answer);
    }
    if (ended !== undefined) this.#options.onEnded?.(ended);
  }

  /** Said by each keeper when it begins, and by one that has become its next version. */
  #meet(hello: KeeperHello): void {
    this.#keeper = hello;
    // It could misunderstand us: we start one that does not.
    if (hello.protocol < PROTOCOL) this.#send({ leave: true });
    for (const [key, hold] of this.#holds) {
      const [id] = [...this.#asked].find(([, asked]) => asked.key === key) ?? [NOBODY];
      this.#send({ hold: { ...hold, id, ...this.#give(key) } });
    }
    this.#options.onKeeper?.(hello);
  }

  #lost(): void {
    const ready = this.#keeper !== undefined;
    this.#channel = undefined;
    this.#hands?.close();
    this.#hands = undefined;
    for (const resolve of this.#claims.values()) resolve(false);
    this.#keeper = undefined;
    if (this.#closing) return;
    this.#options.onLost?.();
    // One that was there and is gone was killed: there is nothing in it that could fail.
    const death = { at: performance.now(), ready, killed: ready, refused: !ready };
    const { delayMs } = this.#backoff.after(death);
    if (delayMs === 0) this.#startKeeper();
    else this.#restart = setTimeout(() => this.#startKeeper(), delayMs).unref();
  }
}
