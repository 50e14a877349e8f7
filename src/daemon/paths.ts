// Where everything of one korun lies. All of it is in one home, the socket and the locks too, so
// that every shell, with or without a login session, finds the same daemon. Only a socket whose
// path would be too long for the system lies elsewhere.

import { statSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { isAbsolute, join, normalize, resolve } from "node:path";
import { Problem } from "../domain/problem.ts";

/** The port of the HTTP API unless `KORUN_PORT` says otherwise. */
export const DEFAULT_PORT = 7777;

/** Variables by name, as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

export interface Paths {
  /** State, runtime and configuration; of its user alone. */
  readonly home: string;
  /** A folder per session. */
  readonly sessions: string;
  /** The folder of the socket: `home`, or a folder beside the system's runtime files. */
  readonly socketFolder: string;
  readonly socket: string;
  /** Held by the daemon for as long as it lives. */
  readonly lock: string;
  /** Held by whoever is starting a daemon. */
  readonly launchLock: string;
  /** The daemon's own log. */
  readonly log: string;
  /** What outlives the daemon: sessions, runs, events. */
  readonly database: string;
  /** TCP port of the HTTP API; 0 for any free one. */
  readonly port: number;
}

/** What `resolvePaths` must know of the machine and its user. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly uid: number;
  readonly homedir: string;
  readonly tmpdir: string;
  isFolder(path: string): boolean;
  /** Throws in a folder that was removed. */
  cwd(): string;
}

/** The machine this runs on. */
export function thisMachine(): Machine {
  return {
    platform: process.platform,
    uid: process.geteuid?.() ?? 0,
    homedir: homedir(),
    tmpdir: tmpdir(),
    isFolder: (path) => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false,
    cwd: () => process.cwd(),
  };
}

/**
 * All places of the korun that `KORUN_HOME`, `KORUN_PORT` and the XDG variables name. Makes
 * nothing. Throws a Problem for a `KORUN_PORT` that is no port.
 */
export function resolvePaths(env: Environment, machine: Machine = thisMachine()): Paths {
  const home = resolveHome(env, machine);
  const port = parsePort(env.KORUN_PORT);
  const socketFolder = chooseSocketFolder(home, { env, machine });
  return {
    home,
    sessions: join(home, "sessions"),
    socketFolder,
    socket: join(socketFolder, SOCKET_NAME),
    lock: join(home, "daemon.lock"),
    launchLock: join(home, "launch.lock"),
    log: join(home, "daemon.log"),
    database: join(home, "korun.db"),
    port,
  };
}

const SOCKET_NAME = "korun.sock";

function resolveHome(env: Environment, machine: Machine): string {
  if (env.KORUN_HOME) {
    return isAbsolute(env.KORUN_HOME)
      ? normalize(join(env.KORUN_HOME, "."))
      : resolve(machine.cwd(), env.KORUN_HOME);
  }
  // The XDG specification: a relative path is to be ignored.
  const state = absolute(env.XDG_STATE_HOME);
  return join(state ?? join(env.HOME || machine.homedir, ".local", "state"), "korun");
}

function parsePort(value: string | undefined): number {
  if (!value) return DEFAULT_PORT;
  const port = /^\d{1,5}$/.test(value) ? Number(value) : Number.NaN;
  if (port <= 65_535) return port;
  const expected = "a port from 1 to 65535, or 0 for any free one";
  throw new Problem("bad_request", `KORUN_PORT is ${JSON.stringify(value)}; wanted ${expected}`, {
    field: "KORUN_PORT",
    expected,
    hint: `Set KORUN_PORT to a free port, or unset it for ${DEFAULT_PORT}.`,
  });
}

function chooseSocketFolder(home: string, place: { env: Environment; machine: Machine }): string {
  const { env, machine } = place;
  const fits = (folder: string) =>
    Buffer.byteLength(join(folder, SOCKET_NAME)) <= longestSocketPath(machine.platform);
  if (fits(home)) return home;
  const name = new Bun.CryptoHasher("sha256").update(home).digest("hex").slice(0, 16);
  const candidates = runtimeFolders(env, machine).map((folder) => join(folder, name));
  const found = candidates.find(fits);
  if (found !== undefined) return found;
  throw new Problem("bad_request", `no path for a socket is short enough beside ${home}`, {
    hint: "Set KORUN_HOME to a shorter path.",
  });
}

/** `sun_path` less its closing NUL. */
function longestSocketPath(platform: NodeJS.Platform): number {
  return platform === "darwin" ? 103 : 107;
}

function runtimeFolders(env: Environment, machine: Machine): string[] {
  const runtime = absolute(env.XDG_RUNTIME_DIR);
  const own = `korun-${machine.uid}`;
  return [
    ...(runtime !== undefined && machine.isFolder(runtime) ? [join(runtime, "korun")] : []),
    join(machine.tmpdir, own),
    join("/tmp", own),
  ];
}

function absolute(path: string | undefined): string | undefined {
  return path && isAbsolute(path) ? path : undefined;
}
