// Every path of the HTTP API, for the daemon that serves it and the client that calls it.

export const HEALTH = "/healthz";
export const DAEMON = "/v1/daemon";
export const DAEMON_STOP = "/v1/daemon/stop";
export const DAEMON_UPGRADE = "/v1/daemon/upgrade";
export const SESSIONS = "/v1/sessions";
export const EVENTS = "/v1/events";
export const PRUNE = "/v1/prune";
export const PORTS = "/v1/ports";
export const OPENAPI = "/v1/openapi.json";

/** What can be asked of one session beside its metadata. */
export type SessionAction =
  | "restart"
  | "stop"
  | "logs"
  | "head"
  | "tail"
  | "runs"
  | "stats"
  | "attach"
  | "input"
  | "wait"
  | "expect"
  | "diff"
  | "digest";

/** The path of a session by UUID, unique prefix or name, or of something it has. */
export function sessionPath(reference: string, action?: SessionAction): string {
  const path = `${SESSIONS}/${encodeURIComponent(reference)}`;
  return action === undefined ? path : `${path}/${action}`;
}

/** The response header that carries the daemon's version. */
export const VERSION_HEADER = "korun-version";

/** Longest request body the daemon reads, in bytes. */
export const MAX_BODY_BYTES = 1_048_576;
