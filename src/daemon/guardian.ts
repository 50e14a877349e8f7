// The daemon's keeper, as supervising sees it. A daemon that a client launched has one, and starts
// another when it is gone; one in the foreground is its user's to look after, and has none.

import type { SavedSession } from "../domain/history.ts";
import { readExits } from "../keeper/exits.ts";
import { type KeeperLegacy, KeeperLink } from "../keeper/link.ts";
import { exitJournal } from "../keeper/options.ts";
import { type ExitRecord, keyOfRun } from "../keeper/protocol.ts";
import type { GuardedRun, Guardian } from "../supervisor/machine.ts";
import type { DaemonLog } from "./daemon-log.ts";
import { ownCommand } from "./launch.ts";
import type { Paths } from "./paths.ts";

export interface Keeping {
  readonly guardian: Guardian;
  /** Undefined for a daemon that nobody keeps. */
  readonly link: KeeperLink | undefined;
  /** What went wrong with earlier daemons, for the status. */
  readonly problem: string | null;
  /** Fetches the terminals of sessions that may still run, before they are taken over. */
  recall(saved: readonly SavedSession[]): Promise<void>;
}

type Terminals = Map<string, number>;

/** Nobody keeps anything, but what an earlier keeper noted is known. */
export function unkept(paths: Paths): Keeping {
  const guardian = guardianOf(paths, { link: undefined, terminals: new Map() });
  return { guardian, link: undefined, problem: null, recall: async () => {} };
}

/** Takes up the link to the keeper that started this daemon, or starts one. */
export function joinKeeper(
  paths: Paths,
  options: { readonly legacy: KeeperLegacy; readonly version: string; readonly log: DaemonLog },
): Keeping {
  const { legacy, version, log } = options;
  let problem: string | null = null;
  let keeper: number | undefined;
  const link = new KeeperLink({
    fd: legacy.fd,
    command: [...ownCommand(), "daemon", "keep", "--join"],
    env: process.env,
    version,
    onKeeper(hello) {
      problem = hello.problem;
      // One that has become its next version says hello again.
      if (hello.pid !== keeper) log.info(`kept by pid ${hello.pid}`);
      keeper = hello.pid;
    },
    onLost: () => log.warn("the keeper is gone: starting another"),
    onFault: (thrown) => log.error("talking to the keeper", thrown),
  });
  const terminals: Terminals = new Map();
  return {
    guardian: guardianOf(paths, { link, terminals }),
    link,
    get problem() {
      return problem;
    },
    async recall(saved) {
      const runs = saved.filter(({ spec, state }) => spec.pty && state.phase !== "resting");
      for (const { id, state } of runs) {
        const run = { session: id, run: state.run };
        const terminal = await link.claim(run);
        if (terminal !== undefined) terminals.set(keyOfRun(run), terminal);
      }
    },
  };
}

function guardianOf(
  paths: Paths,
  { link, terminals }: { link: KeeperLink | undefined; terminals: Terminals },
): Guardian {
  return {
    terminalOf(run) {
      const terminal = terminals.get(keyOfRun(run));
      terminals.delete(keyOfRun(run));
      return terminal;
    },
    async hold({ terminal, ...run }) {
      const held = await link?.hold(run, terminal);
      const exit = held?.ended ?? noted(paths, run);
      // A keeper that does not answer in time may well have held it.
      return { exit, guarded: link !== undefined && held?.wasHeld !== false };
    },
    drop: (run) => link?.drop(run),
    endInput: (session) => link?.endInput(session),
  };
}

/** What is in the journal of the keepers there were. */
function noted(paths: Paths, { leader }: Pick<GuardedRun, "leader">): ExitRecord | undefined {
  if (leader === undefined) return undefined;
  return readExits(exitJournal(paths.home)).find(
    ({ pid, startTime }) => pid === leader.pid && startTime === leader.startTime,
  );
}
