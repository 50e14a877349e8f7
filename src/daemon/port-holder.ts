// Who holds a TCP port of this machine, as far as this user may know: the process where it can be
// seen, else its user, else nothing.

import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { basename } from "node:path";
import { Problem, systemCode } from "../domain/problem.ts";

/** What could be found out; no field at all when somebody holds it who cannot be seen. */
export interface PortHolder {
  readonly pid?: number;
  readonly name?: string;
  readonly user?: string;
}

/** Finds who listens on a port of the loopback. Never throws. */
export function findPortHolder(port: number): PortHolder {
  try {
    return process.platform === "linux" ? findInProc(port) : findWithLsof(port);
  } catch {
    return {};
  }
}

/** In words, such as `pid 412 (node)`, `a process of alice` or `another process`. */
export function describeHolder(holder: PortHolder): string {
  if (holder.pid !== undefined) {
    return holder.name === undefined ? `pid ${holder.pid}` : `pid ${holder.pid} (${holder.name})`;
  }
  return holder.user === undefined ? "another process" : `a process of ${holder.user}`;
}

/** What a failure to listen on a port means; anything else is given back as it is. */
export function portProblem(port: number, thrown: unknown): unknown {
  const other = port < 65_535 ? port + 1 : 7_778;
  const hint = `Set KORUN_PORT to another port, such as ${other}, for this and every korun command.`;
  switch (systemCode(thrown)) {
    case "EADDRINUSE": {
      const holder = describeHolder(findPortHolder(port));
      return new Problem("unavailable", `port ${port} is held by ${holder}`, { hint });
    }
    case "EACCES":
      return new Problem("unavailable", `port ${port} is not for this user to use`, { hint });
    default:
      return thrown;
  }
}

interface Listener {
  readonly inode: string;
  readonly uid: number;
}

function findInProc(port: number): PortHolder {
  const listeners = ["/proc/net/tcp", "/proc/net/tcp6"]
    .flatMap((path) => readText(path).split("\n"))
    .flatMap((line) => parseListener(line, port));
  for (const { inode } of listeners) {
    const pid = findOwner(`socket:[${inode}]`);
    if (pid !== undefined) return { pid, ...nameOf(pid) };
  }
  const [first] = listeners;
  return first === undefined ? {} : { user: userName(first.uid) };
}

const LISTENING = "0A";

/** Fields of a row of /proc/net/tcp: slot, local address, remote address, state, …, uid, …, inode. */
function parseListener(line: string, port: number): Listener[] {
  const fields = line.trim().split(/\s+/);
  const [, local = "", , state] = fields;
  if (state !== LISTENING) return [];
  const [address = "", hexPort = ""] = local.split(":");
  if (Number.parseInt(hexPort, 16) !== port || !takesLoopback(address)) return [];
  return [{ uid: Number(fields[7]), inode: fields[9] ?? "" }];
}

/** 127.0.0.1 and any, as IPv4, as IPv6 and as IPv4 in IPv6; words in this machine's byte order. */
function takesLoopback(address: string): boolean {
  return /^(?:0{24}|0{16}(?:0000FFFF|FFFF0000))?(?:0{8}|0100007F|7F000001)$/.test(address);
}

/** The process that has the socket open, among those whose descriptors this user may see. */
function findOwner(socket: string): number | undefined {
  for (const entry of readdirSync("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const folder = `/proc/${entry}/fd`;
    if (readFolder(folder).some((fd) => readLink(`${folder}/${fd}`) === socket)) {
      return Number(entry);
    }
  }
  return undefined;
}

/** The kernel's short name, or the program's where that only names a thread, as with new Node. */
function nameOf(pid: number): { name: string } | undefined {
  const name = readText(`/proc/${pid}/comm`).trim();
  if (name !== "" && !name.endsWith("MainThread")) return { name };
  const program = basename(readLink(`/proc/${pid}/exe`) ?? name);
  return program === "" ? undefined : { name: program };
}

function userName(uid: number): string {
  const rows = readText("/etc/passwd")
    .split("\n")
    .map((line) => line.split(":"));
  return rows.find(([, , id]) => id === String(uid))?.[0] ?? `uid ${uid}`;
}

/** `lsof -F` prints a field a line: p<pid>, c<command>, L<login name>. */
function findWithLsof(port: number): PortHolder {
  const command = ["lsof", "-nP", `-iTCP:${port}`, "-sTCP:LISTEN", "-FpcL"];
  const { stdout } = Bun.spawnSync(command, { stderr: "ignore", timeout: 2_000 });
  const lines = stdout.toString().split("\n");
  const field = (key: string) => lines.find((line) => line.startsWith(key))?.slice(1);
  const pid = Number(field("p"));
  if (!Number.isInteger(pid) || pid === 0) return {};
  const name = field("c");
  return name === undefined ? { pid } : { pid, name };
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // gone, or not ours to read
  }
}

function readFolder(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return []; // gone, or not ours to read
  }
}

function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined; // gone, or not ours to read
  }
}
