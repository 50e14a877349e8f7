// The words of a session's life: its phases, what can happen to it, what is to be done about it,
// and what can be said of a phase. Plain data; transition.ts is the table that joins them.

import type {
  CalledOff,
  ExitStatus,
  HealthCause,
  LeftBehind,
  LimitCause,
  SessionState,
  StartCause,
  WatchCause,
} from "./session.ts";

/** What a session is to become once what is under way has ended. The last one wins. */
export type Intent =
  | {
      readonly kind: "rest";
      readonly force: boolean;
      /** The daemon's own; without it, somebody asked for it. */
      readonly by?: "daemon_stop";
      /** What it came over: another intent, or an end that the policy had yet to answer. */
      readonly over?: "start" | "finish" | "end";
    }
  | { readonly kind: "start"; readonly cause: StartCause }
  /** At rest as after a failure of its own: whatever then starts it again still does. */
  | { readonly kind: "finish"; readonly cause: LimitCause };

/** How the newest run came to its end. */
export type RunEnd =
  | { readonly kind: "exited"; readonly exit: ExitStatus }
  /** It never ran; the error opens with the system's code. */
  | { readonly kind: "failed"; readonly error: string };

/** What the restart policy has made of the end of the newest run. */
export type Next =
  /** It starts again `delayMs` after `since`, an epoch time; `attempt`: which restart in a row. */
  | {
      readonly kind: "waiting";
      readonly attempt: number;
      readonly delayMs: number;
      readonly since: number;
    }
  | { readonly kind: "gaveUp"; readonly reason: string };

/** Where a session is. Every phase knows the number of its newest run. */
export type Lifecycle = { readonly run: number } & (
  | { readonly phase: "starting"; readonly pending: Intent | undefined }
  | { readonly phase: "running"; readonly pid: number }
  /** The leader is gone, others of its process group live. */
  | { readonly phase: "lingering"; readonly exit: ExitStatus }
  /** The group is empty; its last output is being read, and what left the group looked for. */
  | { readonly phase: "ended"; readonly exit: ExitStatus; readonly pending: Intent | undefined }
  /** All processes of the session are being ended. */
  | {
      readonly phase: "ending";
      readonly leader: { readonly kind: "alive"; readonly pid: number } | RunEnd;
      readonly leftBehind: readonly LeftBehind[];
      readonly forced: boolean;
      readonly pending: Intent;
    }
  /** They are gone, but for those that nothing could end; the last output is being read. */
  | {
      readonly phase: "cleared";
      readonly end: RunEnd;
      readonly leftBehind: readonly LeftBehind[];
      readonly pending: Intent;
    }
  | {
      readonly phase: "resting";
      readonly end: RunEnd;
      /** A file change starts it again. */
      readonly armed: boolean;
      readonly leftBehind: readonly LeftBehind[];
      /** Undefined where the policy has no say. */
      readonly next: Next | undefined;
      /** By what a start that was to follow was called off; only where one was. */
      readonly calledOff?: CalledOff;
    }
);

/** What happens to a session: commands, what attendants find, and answers to effects. */
export type LifecycleEvent =
  | { readonly type: "restart"; readonly cause: StartCause }
  | { readonly type: "stop"; readonly force: boolean; readonly by?: "daemon_stop" }
  | { readonly type: "fileChanged"; readonly cause: WatchCause }
  /** At rest, file changes start it no longer; otherwise nothing. */
  | { readonly type: "giveUpWatch" }
  /** Both mean a run of which nobody has asked anything else; otherwise nothing. */
  | { readonly type: "restartRun"; readonly run: number; readonly cause: HealthCause }
  | { readonly type: "finishRun"; readonly run: number; readonly cause: LimitCause }
  | Answer;

/** What an effect is answered with. */
export type Answer = { readonly run: number } & (
  | { readonly type: "spawned"; readonly pid: number }
  | { readonly type: "spawnFailed"; readonly error: string }
  | { readonly type: "leaderExited"; readonly exit: ExitStatus }
  | { readonly type: "groupEmpty" }
  /** After `leaderExited`, unless the leader's end could not be learnt. */
  | { readonly type: "treeEnded"; readonly survivors: readonly LeftBehind[] }
  | { readonly type: "drained"; readonly leftBehind: readonly LeftBehind[] }
  | { readonly type: "leftBehindChanged"; readonly leftBehind: readonly LeftBehind[] }
  | { readonly type: "due" }
);

/** What is to be done. Each names how it is answered. */
export type Effect =
  /** Start the run's leader: `spawned`, then once `leaderExited`; or `spawnFailed`. */
  | { readonly type: "spawn"; readonly run: number; readonly cause: StartCause }
  /** Wait until the leader's group is empty: `groupEmpty`. */
  | { readonly type: "awaitGroup"; readonly run: number }
  /**
   * End every process of the session, earlier runs' included: `treeEnded`. `again`: another daemon
   * had begun to.
   */
  | {
      readonly type: "endTree";
      readonly run: number;
      readonly force: boolean;
      readonly again?: true;
    }
  /** Wait no longer for what `endTree` ends: kill it. No answer of its own. */
  | { readonly type: "kill"; readonly run: number }
  /** Read all output to its end, then look for processes left behind if asked: `drained`. */
  | { readonly type: "drain"; readonly run: number; readonly look: boolean }
  /** Tell when one of these has gone: `leftBehindChanged`. */
  | { readonly type: "observe"; readonly run: number; readonly leftBehind: readonly LeftBehind[] }
  /** Wait, in ms: `due`. */
  | { readonly type: "schedule"; readonly run: number; readonly delayMs: number }
  /** Wait no longer. No answer. */
  | { readonly type: "unschedule"; readonly run: number }
  /** React to file changes, or no longer. No answer. */
  | { readonly type: "arm" }
  | { readonly type: "disarm" }
  /** The command is impossible; the state is as it was. */
  | { readonly type: "refuse" };

/** The public state, one of the five. */
export function publicState(state: Lifecycle): SessionState {
  switch (state.phase) {
    case "starting":
      return state.pending?.kind === "rest" ? "stopping" : "starting";
    case "running":
    case "lingering":
      return "running";
    case "ended":
      return state.pending === undefined ? "running" : "stopping";
    case "ending":
    case "cleared":
      return "stopping";
    case "resting":
      return state.end.kind;
    default:
      return state satisfies never;
  }
}

/** The last intent is reached: nothing that was asked for is still under way. */
export function isSteady(state: Lifecycle): boolean {
  return state.phase !== "starting" && pendingOf(state) === undefined;
}

/** At rest, and nothing can start it again by itself. */
export function isOver(state: Lifecycle): boolean {
  return state.phase === "resting" && !state.armed && waitingOf(state) === undefined;
}

/** The restart by its policy that it waits for. */
export function waitingOf(state: Lifecycle): Extract<Next, { kind: "waiting" }> | undefined {
  return state.phase === "resting" && state.next?.kind === "waiting" ? state.next : undefined;
}

/** Why its policy starts it no more; null where it has not given up. */
export function gaveUpOf(state: Lifecycle): string | null {
  return state.phase === "resting" && state.next?.kind === "gaveUp" ? state.next.reason : null;
}

/** File changes are its business: they start it, restart it, or are met by a pending restart. */
export function reactsToFiles(state: Lifecycle): boolean {
  if (state.phase === "resting") return state.armed;
  return pendingOf(state)?.kind !== "rest";
}

/** A run is under way, and nobody has asked for its end: the one that attendants look after. */
export function attendedRun(state: Lifecycle): number | undefined {
  return state.phase === "running" || state.phase === "lingering" ? state.run : undefined;
}

/** The leader's pid while it lives. */
export function pidOf(state: Lifecycle): number | null {
  if (state.phase === "running") return state.pid;
  return state.phase === "ending" && state.leader.kind === "alive" ? state.leader.pid : null;
}

/** How the newest run ended, as far as it has. */
export function endOf(state: Lifecycle): RunEnd | undefined {
  switch (state.phase) {
    case "starting":
    case "running":
      return undefined;
    case "lingering":
    case "ended":
      return { kind: "exited", exit: state.exit };
    case "ending":
      return state.leader.kind === "alive" ? undefined : state.leader;
    case "cleared":
    case "resting":
      return state.end;
    default:
      return state satisfies never;
  }
}

/** What it is to become once what is under way has ended. */
export function pendingOf(state: Lifecycle): Intent | undefined {
  return "pending" in state ? state.pending : undefined;
}

/** At rest with nothing that a stop could end or disarm. */
export function isIdle(state: Lifecycle): boolean {
  return isOver(state) && state.phase === "resting" && state.leftBehind.length === 0;
}
