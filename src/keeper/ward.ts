// What the keeper keeps for the daemon while there is one, and notes while there is none: the held
// pipes, terminals and leaders, the ends of orphans, and the journal that the next daemon reads.

import { messageOf } from "../domain/problem.ts";
import type { ExitStatus } from "../domain/session.ts";
import { bootId } from "../process/identity.ts";
import type { ProcessIdentity } from "../process/process-info.ts";
import type { Zombie } from "./ended.ts";
import { ExitJournal } from "./exits.ts";
import type { Hands } from "./hands.ts";
import { type HeldRun, Holds } from "./holds.ts";
import { reapOrphans } from "./orphans.ts";
import type { ExitRecord, FromKeeper, ToKeeper } from "./protocol.ts";

/** Between two looks at held processes while no daemon watches them, in ms. */
const LOOK_MS = 50;

export interface Peer {
  readonly link: { send(message: FromKeeper): void };
  /** Undefined for one that can hand over nothing. */
  readonly hands: Hands | undefined;
}

export interface WardOptions {
  /** Path of the journal of ended processes. */
  readonly journal: string;
  /** What an earlier image of this process held. */
  readonly runs: readonly HeldRun[];
  /** Whether Bun waits for this child itself. */
  isAwaited(pid: number): boolean;
  isDaemon(pid: number): boolean;
  /** The daemon, if there is one: takes answers, and has what it hands over. */
  daemon(): Peer | undefined;
  onFault(message: string): void;
}

export class Ward {
  readonly #options: WardOptions;
  readonly #holds: Holds;
  readonly #journal: ExitJournal;
  #looking: Timer | undefined;

  constructor(options: WardOptions) {
    this.#options = options;
    this.#holds = new Holds(options.runs);
    this.#journal = new ExitJournal(options.journal);
  }

  get runs(): readonly HeldRun[] {
    return this.#holds.runs;
  }

  get descriptors(): readonly number[] {
    return this.#holds.descriptors;
  }

  /** Does what a daemon asks to hold and to drop. */
  handle({ hold, endInput, claim, drop, retain }: ToKeeper): void {
    if (drop !== undefined) this.#holds.drop(drop);
    if (retain !== undefined) this.#holds.retain(retain.sessions);
    if (endInput !== undefined) this.#holds.endInput(endInput.session);
    if (claim !== undefined) this.#handBack(claim);
    if (hold !== undefined) this.#hold(hold);
  }

  /** To be called when a child may have ended. */
  reap(): void {
    reapOrphans({
      isAwaited: this.#options.isAwaited,
      isNoted: (zombie) => this.#holds.isHeld(zombie) || this.#mayLeadRun(zombie),
      onEnded: (identity, status) => this.#note(identity, status),
    });
  }

  /**
   * Nobody else sees now how held processes end. Those that are children of ours are told by a
   * signal; the others, of a daemon that was not started by us, have to be looked at.
   */
  beginAbsence(): void {
    this.reap();
    this.#look();
    this.#looking ??= setInterval(() => this.#look(), LOOK_MS);
  }

  endAbsence(): void {
    clearInterval(this.#looking);
    this.#looking = undefined;
  }

  #hold(hold: NonNullable<ToKeeper["hold"]>): void {
    const { id, leader, terminal: tag } = hold;
    const terminal = tag === undefined ? undefined : this.#options.daemon()?.hands?.take(tag);
    const wasHeld = this.#holds.has(hold);
    const problem = this.#holds.hold(hold, terminal);
    const ended = leader === undefined ? null : this.#endOf(leader);
    this.#reply({ held: { id, ended, wasHeld, problem } });
  }

  #handBack(claim: NonNullable<ToKeeper["claim"]>): void {
    const master = this.#holds.terminalOf(claim);
    const hands = this.#options.daemon()?.hands;
    const ok = master !== undefined && hands?.give(claim.id, master) === true;
    this.#reply({ claimed: { id: claim.id, ok } });
  }

  #reply(message: FromKeeper): void {
    this.#options.daemon()?.link.send(message);
  }

  /** A run's leader leads its session. Its other processes end by the thousand, and silently. */
  #mayLeadRun({ pid, session }: Zombie): boolean {
    return pid === session && !this.#options.isDaemon(pid);
  }

  #look(): void {
    for (const { status, ...identity } of this.#holds.ended()) this.#note(identity, status);
  }

  #endOf(identity: ProcessIdentity): ExitRecord | null {
    const noted = this.#journal.find(identity);
    if (noted !== undefined) return noted;
    const status = this.#holds.endOf(identity);
    return status === undefined ? null : this.#note(identity, status);
  }

  #note({ pid, startTime }: ProcessIdentity, status: ExitStatus): ExitRecord {
    const known = this.#journal.find({ pid, startTime });
    if (known !== undefined) return known;
    const record = { pid, startTime, boot: bootId(), ...status, at: Date.now() };
    try {
      this.#journal.add(record);
    } catch (thrown) {
      this.#options.onFault(`cannot note the end of process ${pid}: ${messageOf(thrown)}`);
    }
    this.#reply({ ended: record });
    return record;
  }
}
