// What is asked of a running session: whether it is ready, and whether it is still well. Plain data.

/** How long a readiness check may take from the run's start, unless it says otherwise, in ms. */
export const DEFAULT_READY_TIMEOUT_MS = 60_000;

export const DEFAULT_HEALTH_INTERVAL_MS = 10_000;
/** Between two looks at least, in ms: one may start a process. */
export const LEAST_HEALTH_INTERVAL_MS = 10;
export const DEFAULT_HEALTH_TIMEOUT_MS = 5_000;
export const DEFAULT_HEALTH_THRESHOLD = 3;

/** One thing that can be looked at. */
export type Check =
  /** The log of this run contains a text, or matches a pattern. */
  | { readonly kind: "log"; readonly text: string }
  | { readonly kind: "regex"; readonly pattern: string }
  /** Somebody listens on this TCP port of the loopback interface. */
  | { readonly kind: "port"; readonly port: number }
  /** It answers with this status, or with any below 400. */
  | { readonly kind: "url"; readonly url: string; readonly status: number | undefined }
  /** A file exists; relative to the session's folder. */
  | { readonly kind: "file"; readonly path: string }
  /** A command exits 0, in the session's folder and environment. */
  | { readonly kind: "command"; readonly command: readonly [string, ...string[]] };

/** A condition of being ready. All of a session's must be met in the same run. */
export interface ReadyCheck {
  readonly check: Check;
  /** From the run's start, in ms. */
  readonly timeoutMs: number;
}

/** What is looked at again and again once a session is ready. */
export interface HealthCheck {
  readonly check: Extract<Check, { kind: "port" | "url" | "command" }>;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Failures in a row that make it unhealthy. */
  readonly threshold: number;
  /** An unhealthy session is restarted. */
  readonly restart: boolean;
}

/** Whether a session is ready, and what that depends on. Times are epoch ms. */
export interface Readiness {
  readonly ready: boolean;
  readonly readyAt: number | null;
  /** The checks that are not met yet, in words, with what was seen last. */
  readonly waitingFor: readonly string[];
  /** A check's time was over before it was met; nothing is waited for any more. */
  readonly timedOut: boolean;
  /** What the newest run was still waiting for when it ended: none of one that was ready. */
  readonly waitedFor: readonly string[];
}

/** How well a session does. */
export interface HealthStatus {
  /** `unknown` until the first look of a run. */
  readonly state: "unknown" | "healthy" | "unhealthy";
  /** Failures in a row. */
  readonly failures: number;
  /** When it was last looked at, in epoch ms. */
  readonly checkedAt: number | null;
  /** Why the last looks failed, the newest last. */
  readonly reasons: readonly string[];
}

/** Of a session that has nothing to wait for and does not run. */
export const NOT_READY: Readiness = {
  ready: false,
  readyAt: null,
  waitingFor: [],
  timedOut: false,
  waitedFor: [],
};
