// Who may talk to the daemon. Any page in a browser can reach 127.0.0.1, and so can every user of
// the machine: so each request, whatever its method, is judged here before it is routed. A page of
// ours, a plain curl and the user's own programs pass; foreign pages, rebound names and other users
// do not. No answer ever carries an Access-Control header.

import { Problem } from "../domain/problem.ts";

/** Where a request came in. */
export interface Entrance {
  /** Values of `Host` that mean this daemon; undefined on the Unix socket, where any will do. */
  readonly hosts: ReadonlySet<string> | undefined;
  /** Whether the peer is the daemon's own user; undefined where only that user can connect. */
  readonly isOwnUser: ((request: Request) => boolean) | undefined;
}

/** Every `Host` that means us on this port of the loopback interface. */
export function ownHosts(port: number): ReadonlySet<string> {
  const names = ["127.0.0.1", "localhost", "[::1]"];
  const hosts = new Set(names.map((name) => `${name}:${port}`));
  // HTTP leaves its own default port out of Host.
  if (port === 80) for (const name of names) hosts.add(name);
  return hosts;
}

/** Throws Problem `forbidden` unless the request may be served. */
export function guard(request: Request, entrance: Entrance): void {
  const host = request.headers.get("host");
  if (entrance.hosts !== undefined && (host === null || !entrance.hosts.has(host))) {
    throw refusal("The Host header does not name this daemon", {
      hint: "Ask 127.0.0.1 or localhost with the daemon's port.",
    });
  }
  guardAgainstPages(request, host);
  if (entrance.isOwnUser?.(request) === false) {
    throw refusal("Only the user who runs this daemon may use it", {
      hint: "Start a daemon of your own, on another KORUN_PORT.",
    });
  }
}

/** Browsers tell where a request comes from, and pages cannot make them lie about it. */
function guardAgainstPages(request: Request, host: string | null): void {
  const { headers, method } = request;
  const origin = headers.get("origin");
  if (origin !== null && origin !== `http://${host}`) {
    throw refusal("Pages of other origins may not use this daemon");
  }
  const site = headers.get("sec-fetch-site");
  const isOpened = (method === "GET" || method === "HEAD") && isNavigation(request);
  if (site !== null && site !== "same-origin" && !(site === "none" && isOpened)) {
    throw refusal("Pages of other sites may not use this daemon");
  }
  const fromBrowser = origin !== null || site !== null || hasFetchMetadata(headers);
  if (!fromBrowser || method === "GET" || method === "HEAD" || !hasBody(headers)) return;
  if (mediaType(headers) !== "application/json") {
    throw refusal("A browser's request body must be JSON and say so", {
      hint: "Send the header content-type: application/json.",
    });
  }
}

/**
 * A browser opens the address. It need not be one that the user typed: a foreign site that was
 * typed can redirect to it, and browsers say `none` of that too. So it may read, and change nothing.
 */
export function isNavigation({ headers }: Request): boolean {
  return headers.get("sec-fetch-mode") === "navigate";
}

function hasFetchMetadata(headers: Headers): boolean {
  return headers.has("sec-fetch-mode") || headers.has("sec-fetch-dest");
}

function hasBody(headers: Headers): boolean {
  return headers.has("transfer-encoding") || (headers.get("content-length") ?? "0") !== "0";
}

function mediaType(headers: Headers): string | undefined {
  return headers.get("content-type")?.split(";", 1)[0]?.trim().toLowerCase();
}

function refusal(message: string, options?: { hint: string }): Problem {
  return new Problem("forbidden", message, options);
}
