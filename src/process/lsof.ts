// Who listens on which port where there is no /proc (macOS), from lsof(8): some 50 ms, and only the
// user's own processes.

/** A socket that listens, as lsof shows it. */
export interface LsofListener {
  readonly address: string;
  readonly port: number;
  /** The kernel's address of the socket: no inode, but as good a name of it. */
  readonly inode: number;
  readonly uid: number;
  readonly pid: number;
  readonly name: string | undefined;
}

/** Longest wait for lsof, which can hang on a network file system, in ms. */
const LSOF_MS = 2_000;

/** Those on a port, or all. None where there is no lsof. */
export function lsofListeners(port: number | undefined): readonly LsofListener[] {
  const which = port === undefined ? "-iTCP" : `-iTCP:${port}`;
  const command = ["lsof", "-nP", which, "-sTCP:LISTEN", "-Fpcutdn"];
  const options = { stdin: "ignore", stderr: "ignore", timeout: LSOF_MS } as const;
  try {
    return parseLsof(Bun.spawnSync(command, options).stdout.toString());
  } catch {
    return []; // not installed
  }
}

/** A field a line: `p` pid, `c` command, `u` uid, and for each socket `t` type, `d` device, `n` name. */
export function parseLsof(output: string): readonly LsofListener[] {
  const found: LsofListener[] = [];
  const fields = new Map<string, string>();
  for (const line of output.split("\n")) {
    const [key = "", value] = [line.slice(0, 1), line.slice(1)];
    if (key === "p") fields.clear();
    fields.set(key, value);
    if (key === "n") found.push(...listenerOf(fields));
  }
  return found;
}

function listenerOf(fields: ReadonlyMap<string, string>): LsofListener[] {
  const end = /^(.*):(\d+)$/.exec(fields.get("n") ?? "");
  if (end === null) return [];
  const [, host = "", port] = end;
  const any = fields.get("t") === "IPv6" ? "::" : "0.0.0.0";
  return [
    {
      address: host === "*" ? any : host.replace(/^\[|\]$/g, ""),
      port: Number(port),
      inode: Number(fields.get("d") ?? 0),
      uid: Number(fields.get("u") ?? -1),
      pid: Number(fields.get("p")),
      name: fields.get("c"),
    },
  ];
}
