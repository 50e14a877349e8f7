// All sessions of a daemon: making them, finding them, forgetting them, and ending them all. A
// session is listed once everything about its request has been found valid, and not before.

import { randomUUID } from "node:crypto";
import type { SavedSession } from "../domain/history.ts";
import { Problem } from "../domain/problem.ts";
import type { SessionSpec } from "../domain/session.ts";
import { type Archive, NO_ARCHIVE } from "./archive.ts";
import { requireDirectory } from "./directory.ts";
import { findLegacy, reactsAgain } from "./legacy.ts";
import type { FileWatch, Machinery, WatchRequest } from "./machinery.ts";
import { resolveReference } from "./reference.ts";
import { forgettable, KEPT_AT_REST, KEPT_FOR_MS, prunable } from "./retention.ts";
import { Session } from "./session.ts";
import type { SessionParts } from "./session-parts.ts";

export interface RegistryOptions {
  readonly machinery: Machinery;
  /** Where sessions outlive the daemon; without one they end with it. */
  readonly archive?: Archive;
  /** Takes what went wrong and is nobody's answer, for the daemon's log. */
  report(what: string, cause: unknown): void;
  /** Sessions at rest to remember: 100 unless said otherwise. */
  readonly keptAtRest?: number;
  /** For how long, in ms: 30 days unless said otherwise. */
  readonly keptForMs?: number;
}

/** How many sessions there are and were. */
export interface SessionCounts {
  /** Since the daemon started. */
  readonly created: number;
  /** With processes alive, starting or being ended. */
  readonly running: number;
  readonly known: number;
}

export class Registry {
  readonly #options: RegistryOptions;
  /** In creation order. */
  readonly #sessions = new Map<string, Session>();
  /** Those that came to rest, in that order; some may live again. */
  readonly #rested = new Set<Session>();
  /** Being forgotten: no longer listed, not yet let go of. */
  readonly #forgetting = new Set<Promise<void>>();
  #created = 0;
  #closing = false;

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  /**
   * Makes a session and starts its first run. Throws a Problem: `bad_request` with its field for a
   * directory or a watch entry that does not exist, `conflict` for a name that a living session
   * has, `unavailable` while the daemon shuts down.
   */
  async create(spec: SessionSpec): Promise<Session> {
    this.#requireOpen();
    this.#requireFreeName(spec.name);
    requireDirectory(spec.cwd);
    // The watcher comes first since it may refuse; until there is a session it is disarmed.
    let session: Session | undefined;
    const id = randomUUID();
    const watch = await this.#watch({ id, spec, resumed: undefined }, () => session);
    try {
      session = this.#add({ id, spec, watch });
      return session;
    } catch (thrown) {
      watch?.close();
      throw thrown;
    }
  }

  /**
   * Goes on with the sessions of an earlier daemon, in their order: those whose processes live are
   * taken over, those whose processes ended meanwhile come to rest as they ended.
   */
  async restore(saved: readonly SavedSession[]): Promise<void> {
    for (const session of saved) {
      try {
        await this.#restore(session);
      } catch (thrown) {
        this.#options.report(`taking over session ${session.spec.name ?? session.id}`, thrown);
      }
    }
    const atRest = this.list().filter((session) => !session.isLive());
    atRest.sort((one, other) => restingSince(one) - restingSince(other));
    for (const session of atRest) this.#rested.add(session);
    this.#forgetOld();
  }

  /** All sessions in creation order. */
  list(): readonly Session[] {
    return [...this.#sessions.values()];
  }

  /** The session of a UUID, a name, or a unique prefix. Throws a Problem. */
  find(reference: string): Session {
    return resolveReference(this.list(), reference);
  }

  /**
   * Forgets a session at rest: ends what it left behind, and removes its output. Throws a Problem
   * `conflict` when it lives. It is no longer listed from the moment this is called.
   */
  async remove(session: Session): Promise<void> {
    const label = session.name ?? session.id;
    if (!this.#sessions.has(session.id)) throw removed(label);
    if (session.isLive()) {
      throw new Problem("conflict", `Cannot remove session ${label}: it is ${session.state}`, {
        hint: `Stop it first with: korun stop ${label}`,
      });
    }
    await this.#forget(session);
  }

  /**
   * Forgets sessions that are at rest, with nothing that could start them again, for at least
   * `olderThanMs`, but for the newest `keep` at rest. Resolves with those that are forgotten.
   */
  async prune({ olderThanMs, keep }: { olderThanMs: number; keep: number }): Promise<Session[]> {
    const old = prunable(this.#atRest(), { keep, isOld: olderThan(olderThanMs), isDone });
    await Promise.all(old.map((session) => this.#forget(session)));
    return old;
  }

  counts(): SessionCounts {
    const running = this.list().filter((session) => session.isLive()).length;
    return { created: this.#created, running, known: this.#sessions.size };
  }

  /**
   * Stops all sessions at the same time, each within its grace, and takes no new ones. Called
   * again, it kills. What they printed can still be read.
   */
  async shutdown(): Promise<void> {
    const force = this.#closing;
    this.#closing = true;
    await Promise.all(
      this.list().map((session) => session.retire(shuttingDown(), { force, byDaemon: true })),
    );
  }

  /** Lets go of everything while it runs on: the next daemon takes it over. */
  async leave(): Promise<void> {
    this.#closing = true;
    const sessions = this.list();
    this.#sessions.clear();
    await Promise.all(sessions.map((session) => session.release({ keep: true })));
  }

  /** Lets go of everything, once shut down; with `keep`, the next daemon finds it all again. */
  async close({ keep = false }: { keep?: boolean } = {}): Promise<void> {
    for (const session of this.list()) void this.#forget(session, { keep });
    for (const end of await Promise.allSettled(this.#forgetting)) {
      if (end.status === "rejected") this.#options.report("forgetting a session", end.reason);
    }
  }

  #add({ id, spec, watch }: Pick<SessionParts, "id" | "spec" | "watch">): Session {
    this.#requireOpen();
    this.#takeName(spec.name);
    const output = this.#options.machinery.openOutput(id);
    this.#created += 1;
    return this.#enter({ id, spec, output, watch, legacy: undefined });
  }

  async #restore(saved: SavedSession): Promise<void> {
    const { machinery } = this.#options;
    const { id, spec } = saved;
    const legacy = await findLegacy(saved, machinery);
    const resumed = { reacts: reactsAgain(legacy) };
    let session: Session | undefined;
    const watch = await this.#watch({ id, spec, resumed }, () => session).catch((thrown) => {
      this.#options.report(`watching for session ${spec.name ?? id}`, thrown);
      return undefined;
    });
    // No turn of the event loop from here on: in the next one the watch tells what changed.
    const output = machinery.adoptOutput(id, saved.state.run);
    session = this.#enter({ id, spec, output, watch, legacy });
  }

  #enter(parts: Pick<SessionParts, "id" | "spec" | "output" | "watch" | "legacy">): Session {
    const { machinery, report, archive = NO_ARCHIVE } = this.#options;
    const { id, spec } = parts;
    const session: Session = new Session({
      ...parts,
      machinery,
      archive,
      beforeRestart: () => this.#takeName(spec.name, session),
      onRest: () => this.#noteRest(session),
      report: (what, cause) => report(`session ${spec.name ?? id}: ${what}`, cause),
    });
    this.#sessions.set(id, session);
    if (parts.watch !== undefined) session.watchChanged(parts.watch.status());
    return session;
  }

  async #watch(
    request: Pick<WatchRequest, "id" | "spec" | "resumed">,
    session: () => Session | undefined,
  ): Promise<FileWatch | undefined> {
    if (request.spec.watch.length === 0) return undefined;
    return this.#options.machinery.watch({
      ...request,
      onChange: (change) => session()?.noteChange(change),
      onTrigger: (change) => session()?.fileChanged(change),
      onStatus: (status) => session()?.watchChanged(status),
    });
  }

  #requireOpen(): void {
    if (this.#closing) throw shuttingDown();
  }

  /** A name belongs to one living session; those at rest that have it must not come back. */
  #takeName(name: string | undefined, taker?: Session): void {
    this.#requireFreeName(name, taker);
    for (const other of this.#namesakes(name, taker)) other.giveWay();
  }

  #requireFreeName(name: string | undefined, taker?: Session): void {
    const living = this.#namesakes(name, taker).find((other) => other.isLive());
    if (living === undefined) return;
    const { id, state } = living;
    throw new Problem("conflict", `The name ${name} is taken: session ${id} is ${state}`, {
      field: "name",
      expected: "a name that no living session has",
      hint: `Choose another name, or stop that session with: korun stop ${name}`,
    });
  }

  #namesakes(name: string | undefined, taker: Session | undefined): readonly Session[] {
    if (name === undefined) return [];
    return this.list().filter((other) => other.name === name && other !== taker);
  }

  #noteRest(session: Session): void {
    this.#rested.delete(session);
    this.#rested.add(session);
    this.#forgetOld();
  }

  #forgetOld(): void {
    const { keptAtRest: keep = KEPT_AT_REST, keptForMs = KEPT_FOR_MS, report } = this.#options;
    for (const old of forgettable(this.#atRest(), { keep, isOld: olderThan(keptForMs), isDone })) {
      this.#forget(old).catch((thrown) => report(`forgetting ${old.id}`, thrown));
    }
  }

  /** In the order in which they came to rest. */
  #atRest(): readonly Session[] {
    return [...this.#rested].filter((rested) => !rested.isLive());
  }

  #forget(session: Session, options?: { keep: boolean }): Promise<void> {
    this.#sessions.delete(session.id);
    this.#rested.delete(session);
    const forgetting = forget(session, options).finally(() => this.#forgetting.delete(forgetting));
    this.#forgetting.add(forgetting);
    return forgetting;
  }
}

function isDone(session: Session): boolean {
  return session.isIdle();
}

function olderThan(ms: number): (session: Session) => boolean {
  const now = Date.now();
  return (session) => now - restingSince(session) >= ms;
}

function restingSince(session: Session): number {
  const { lastEndedAt, createdAt } = session.snapshot();
  return lastEndedAt ?? createdAt;
}

async function forget(session: Session, options?: { keep: boolean }): Promise<void> {
  await session.retire(removed(session.name ?? session.id));
  await session.release(options);
}

function shuttingDown(): Problem {
  return new Problem("unavailable", "The daemon is shutting down and starts nothing any more", {
    hint: "Ask again in a moment: the next command starts a new daemon.",
  });
}

function removed(label: string): Problem {
  return new Problem("not_found", `Session ${label} has been removed`);
}
