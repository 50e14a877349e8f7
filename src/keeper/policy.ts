// When the next daemon is started, and whether with fresh rings. Pure: time is an argument.
//
// Two things are told apart. A daemon that served and was killed from outside (SIGKILL) did nothing
// wrong: its successor starts at once, however often that happens. One that ends by itself without
// having been asked to, or never gets as far as serving, would do so again: its successors wait
// longer and longer. And if daemons keep ending by themselves, what they read at their start may be
// the reason: then the rings, their largest and least checked input, are set aside. A kill says
// nothing of the rings, so it never costs them.

/** The unwanted end of a daemon. */
export interface Death {
  /** By a clock that never jumps, in ms. */
  readonly at: number;
  /** It was serving. */
  readonly ready: boolean;
  /** By SIGKILL: from outside, or by a system out of memory. */
  readonly killed: boolean;
  /** It said why it could not start: nothing that fresh rings would cure. */
  readonly refused: boolean;
}

/** What is remembered of one home's daemons. */
export interface DeathHistory {
  /** Oldest first. */
  readonly deaths: readonly Death[];
  /** When a daemon was last told to set the rings aside. */
  readonly setAsideAt: number | undefined;
}

/** How the next daemon is to be started. */
export interface StartPlan {
  readonly delayMs: number;
  readonly setAside: boolean;
}

const WINDOW_MS = 60_000;

/** Own ends within the window after which rings are set aside. */
const MOST_DEATHS = 5;

/** By the number of deaths in a row that were the daemons' own: the first costs no time yet. */
const DELAYS_MS = [0, 0, 50, 100, 250, 500, 1_000, 2_500] as const;
const LONGEST_DELAY_MS = 5_000;

/** What to do after the newest of these deaths. */
export function planStart(history: DeathHistory, now: number): StartPlan {
  const recent = recentDeaths(history.deaths, now);
  const streak = recent.length - 1 - recent.findLastIndex((death) => death.ready && death.killed);
  return {
    delayMs: DELAYS_MS[streak] ?? LONGEST_DELAY_MS,
    setAside: shouldSetAside(recent, history.setAsideAt),
  };
}

/** Those that still count: there is no need to remember others. */
export function recentDeaths(deaths: readonly Death[], now: number): readonly Death[] {
  return deaths.filter((death) => now - death.at < WINDOW_MS);
}

function shouldSetAside(recent: readonly Death[], setAsideAt: number | undefined): boolean {
  const since = recent.filter((death) => setAsideAt === undefined || death.at > setAsideAt);
  // Fresh rings that did not bring a daemon to serve are not made fresher by doing it again.
  if (setAsideAt !== undefined && !since.some((death) => death.ready)) return false;
  return since.filter((death) => !death.killed && !death.refused).length >= MOST_DEATHS;
}
