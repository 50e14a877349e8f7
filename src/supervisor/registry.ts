// All sessions of a daemon: making them, finding them, forgetting them, and ending them all. A
// session is listed once everything about its request has been found valid, and not before.

import type { SavedSession } from "../domain/history.ts";
import { Problem } from "../domain/problem.ts";
import type { SessionSpec } from "../domain/session.ts";
import { type Archive, NO_ARCHIVE } from "./archive.ts";
import type { MakeAttendant } from "./attendants/attendant.ts";
import { requireDirectory } from "./directory.ts";
import { findLegacy, reactsAgain } from "./legacy.ts";
import { lostOutput } from "./lost-output.ts";
import type { FileWatch, Machinery, Output, WatchRequest } from "./machinery.ts";
import { requireFreeName, takeName } from "./names.ts";
import { resolveReference } from "./reference.ts";
import { Rested } from "./rested.ts";
import { KEPT_AT_REST, KEPT_FOR_MS } from "./retention.ts";
import { Session } from "./session.ts";
import type { SessionParts } from "./session-parts.ts";

export interface RegistryOptions {
  readonly machinery: Machinery;
  /** Where sessions outlive the daemon; without one they end with it. */
  readonly archive?: Archive;
  /** Whoever is to look after the runs of each session. */
  readonly attendants?: readonly MakeAttendant[];
  /** Takes what went wrong and is nobody's answer, for the daemon's log. */
  report(what: string, cause: unknown): void;
  /** Sessions at rest to remember: 100 unless said otherwise. */
  readonly keptAtRest?: number;
  /** For how long, in ms: 30 days unless said otherwise. */
  readonly keptForMs?: number;
}

export interface CreateOptions {
  /** What it is to be called; by default a random one. */
  readonly id?: string | undefined;
  /** Its child waits for a reader of its output, who is about to come. */
  readonly paced?: boolean;
}

interface Wanted extends Required<Omit<CreateOptions, "id">> {
  readonly id: string;
  readonly spec: SessionSpec;
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
  readonly #rested: Rested<Session>;
  /** Being forgotten: no longer listed, not yet let go of. */
  readonly #forgetting = new Set<Promise<void>>();
  readonly #creating = new Map<string, Promise<Session>>();
  #created = 0;
  #closing = false;

  constructor(options: RegistryOptions) {
    this.#options = options;
    const { keptAtRest = KEPT_AT_REST, keptForMs = KEPT_FOR_MS, report } = options;
    this.#rested = new Rested({
      keep: keptAtRest,
      keptForMs,
      forget: (session) => {
        this.#forget(session).catch((thrown) => report(`forgetting ${session.id}`, thrown));
      },
    });
  }

  /**
   * Makes a session and starts its first run. Throws a Problem: `bad_request` with its field for a
   * directory or a watch entry that does not exist, NameTaken for a name that a living session has,
   * `unavailable` while the daemon shuts down. With the `id` of a session that there is, or is just
   * being made, it is that one: whoever asked did not hear of it the first time.
   */
  async create(spec: SessionSpec, options: CreateOptions = {}): Promise<Session> {
    const { id = crypto.randomUUID(), paced = false } = options;
    const before = this.#sessions.get(id) ?? this.#creating.get(id);
    if (before !== undefined) return await before;
    const creating = this.#create({ id, spec, paced }).finally(() => this.#creating.delete(id));
    this.#creating.set(id, creating);
    return await creating;
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
    this.#rested.restore(this.list().filter((session) => !session.isLive()));
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
  async prune(which: { olderThanMs: number; keep: number }): Promise<Session[]> {
    const old = this.#rested.prunable(which);
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
    this.#rested.close();
    const sessions = this.list();
    this.#sessions.clear();
    await Promise.all(sessions.map((session) => session.release({ keep: true })));
  }

  /** Lets go of everything, once shut down; with `keep`, the next daemon finds it all again. */
  async close({ keep = false }: { keep?: boolean } = {}): Promise<void> {
    this.#rested.close();
    for (const session of this.list()) void this.#forget(session, { keep });
    for (const end of await Promise.allSettled(this.#forgetting)) {
      if (end.status === "rejected") this.#options.report("forgetting a session", end.reason);
    }
  }

  async #create({ id, spec, paced }: Wanted): Promise<Session> {
    this.#requireOpen();
    requireFreeName(this.list(), spec);
    requireDirectory(spec.cwd);
    // The watcher comes first since it may refuse; until there is a session it is disarmed.
    let session: Session | undefined;
    const watch = await this.#watch({ id, spec, resumed: undefined }, () => session);
    try {
      session = this.#add({ id, spec, watch, paced });
      return session;
    } catch (thrown) {
      watch?.close();
      throw thrown;
    }
  }

  #add({ id, spec, watch, paced }: Wanted & Pick<SessionParts, "watch">): Session {
    this.#requireOpen();
    takeName(this.list(), spec);
    const output = this.#options.machinery.openOutput(id, spec);
    if (paced) output.log.expectPacedReader();
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
    try {
      const output = this.#adoptOutput(saved);
      session = this.#enter({ id, spec, output, watch, legacy });
    } catch (thrown) {
      watch?.close();
      throw thrown;
    }
  }

  #adoptOutput(saved: SavedSession): Output {
    const { machinery, report } = this.#options;
    try {
      return machinery.adoptOutput(saved);
    } catch (thrown) {
      report(`taking over the output of session ${saved.spec.name ?? saved.id}`, thrown);
      return lostOutput(thrown);
    }
  }

  #enter(parts: Pick<SessionParts, "id" | "spec" | "output" | "watch" | "legacy">): Session {
    const { machinery, report, archive = NO_ARCHIVE, attendants = [] } = this.#options;
    const { id, spec } = parts;
    const session: Session = new Session({
      ...parts,
      machinery,
      archive,
      attendants,
      beforeRestart: () => takeName(this.list(), { name: spec.name, taker: session }),
      onRest: () => this.#rested.add(session),
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

  #forget(session: Session, options?: { keep: boolean }): Promise<void> {
    this.#sessions.delete(session.id);
    this.#rested.delete(session);
    const forgetting = forget(session, options).finally(() => this.#forgetting.delete(forgetting));
    this.#forgetting.add(forgetting);
    return forgetting;
  }
}

async function forget(session: Session, options?: { keep: boolean }): Promise<void> {
  const byDaemon = options?.keep === true;
  await session.retire(removed(session.name ?? session.id), { byDaemon });
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
