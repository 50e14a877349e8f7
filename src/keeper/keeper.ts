// The keeper: it starts the daemon and starts it again when it dies, keeps open what must outlive
// it, and is the parent that its orphans fall to. It serves nothing and decides nothing about
// sessions, so that there is almost nothing in it that could fail.

import { FileLock } from "../native/lock.ts";
import { becomeSubreaper } from "../native/reaper.ts";
import { trimOnceSettled } from "../native/trim.ts";
import { pause } from "../process/pause.ts";
import { Announcer } from "./announcer.ts";
import { joinDaemon } from "./daemon-process.ts";
import { HANDS_FD, Hands } from "./hands.ts";
import { Life } from "./life.ts";
import { GIVE_UP_SIGNAL, type KeeperOptions, keeperLock } from "./options.ts";
import { LINK_FD } from "./protocol.ts";
import { failedReport, passOn } from "./report.ts";
import { takeOver } from "./resume.ts";

/** No descriptor. */
const NONE = -1;

/** Longest wait for the lock of a keeper that is about to go, in ms. */
const LOCK_WAIT_MS = 5_000;

/** For a client's keeper: only as long as somebody may be looking whether the lock is free. */
const LOOK_WAIT_MS = 250;

/**
 * Keeps the daemon of a home alive until that ends on purpose; resolves with the exit code for this
 * process. Nothing that a daemon does makes it throw.
 */
export async function runKeeper(options: KeeperOptions): Promise<number> {
  const { origin } = options;
  const state = typeof origin === "object" ? takeOver(origin.resume) : undefined;
  const lock = await takeLock(options);
  if (lock === undefined) {
    passOn(failedReport(`another keeper of ${options.home} is at work`));
    return 1;
  }
  becomeSubreaper();
  const announcer = new Announcer({
    isAwaited: origin === "launched",
    write: (text) => lock.write(text),
  });
  const life = new Life(options, { announcer, state });
  listen(life);
  trimOnceSettled();
  try {
    if (origin === "launched") return await life.start();
    const hands = Hands.at(state === undefined ? HANDS_FD : (state.hands ?? NONE));
    return await life.join((handlers) => {
      return joinDaemon(state?.link ?? LINK_FD, { ...handlers, identity: state?.daemon, hands });
    });
  } finally {
    life.end();
    lock.release();
  }
}

function listen(life: Life): void {
  process.on("SIGCHLD", () => life.childEnded());
  process.on("SIGTERM", () => life.stop());
  process.on("SIGINT", () => life.stop());
  process.on(GIVE_UP_SIGNAL, () => life.giveUp());
  // A terminal that goes takes neither keeper nor daemon along.
  process.on("SIGHUP", () => {});
  process.on("uncaughtException", (thrown) => life.fault(thrown));
  process.on("unhandledRejection", (thrown) => life.fault(thrown));
}

/** Only one keeper a home: two would start two daemons, one of them in vain, again and again. */
async function takeLock({ home, origin }: KeeperOptions): Promise<FileLock | undefined> {
  const deadline = performance.now() + (origin === "launched" ? LOOK_WAIT_MS : LOCK_WAIT_MS);
  for (let wait = 1; ; wait = Math.min(wait * 2, 50)) {
    const lock = FileLock.tryTake(keeperLock(home));
    if (lock !== undefined || performance.now() > deadline) return lock;
    await pause(wait);
  }
}
