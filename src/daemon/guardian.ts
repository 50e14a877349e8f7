// The daemon's keeper, as supervising sees it. A daemon that a client launched has one, and starts
// another when it is gone; one in the foreground is its user's to look after, and has none.

import type { ExitStatus } from "../domain/session.ts";
import { readExits } from "../keeper/exits.ts";
import { type KeeperLegacy, KeeperLink } from "../keeper/link.ts";
import { exitJournal } from "../keeper/options.ts";
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
}

/** Nobody keeps anything, but what an earlier keeper noted is known. */
export function unkept(paths: Paths): Keeping {
  return { guardian: guardianOf(paths, undefined), link: undefined, problem: null };
}

/** Takes up the link to the keeper that started this daemon, or starts one. */
export function joinKeeper(
  paths: Paths,
  options: { readonly legacy: KeeperLegacy; readonly version: string; readonly log: DaemonLog },
): Keeping {
  const { legacy, version, log } = options;
  let problem: string | null = null;
  const link = new KeeperLink({
    fd: legacy.fd,
    command: [...ownCommand(), "daemon", "keep", "--join"],
    env: process.env,
    version,
    onKeeper(hello) {
      problem = hello.problem;
      log.info(`kept by pid ${hello.pid}`);
    },
    onLost: () => log.warn("the keeper is gone: starting another"),
    onFault: (thrown) => log.error("talking to the keeper", thrown),
  });
  return {
    guardian: guardianOf(paths, link),
    link,
    get problem() {
      return problem;
    },
  };
}

function guardianOf(paths: Paths, link: KeeperLink | undefined): Guardian {
  return {
    async hold(run) {
      const held = await link?.hold(run);
      return held?.ended ?? noted(paths, run);
    },
    drop: (run) => link?.drop(run),
  };
}

/** What is in the journal of the keepers there were. */
function noted(paths: Paths, { leader }: GuardedRun): ExitStatus | undefined {
  if (leader === undefined) return undefined;
  return readExits(exitJournal(paths.home)).find(
    ({ pid, startTime }) => pid === leader.pid && startTime === leader.startTime,
  );
}
