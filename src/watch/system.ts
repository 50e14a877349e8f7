// What of the system's watching a watcher uses, behind one small interface: a test gives another
// one, whose watches run out.

import { watch as fsWatch, statfsSync } from "node:fs";

export interface WatchHandle {
  close(): void;
}

export interface WatchEvents {
  /** A name in the directory (or its own), or undefined where events were lost. */
  changed(kind: "rename" | "change", name: string | undefined): void;
  failed(error: Error): void;
}

export interface WatchSystem {
  /** Watches one directory, not what is below it. Throws the system's error, such as `ENOSPC`. */
  watch(directory: string, events: WatchEvents): WatchHandle;
  /** The kind of file system that does not report what other machines write, if it is one. */
  remote(directory: string): string | undefined;
}

/** `statfs(2)` types of file systems that others write to unseen. */
const REMOTE: ReadonlyMap<number, string> = new Map([
  [0x6969, "NFS"],
  [0x517b, "SMB"],
  [0xfe534d42, "SMB"],
  [0xff534d42, "CIFS"],
  [0x01021997, "9p"],
  [0x5346414f, "AFS"],
  [0x00c36400, "Ceph"],
  [0x65735546, "FUSE"],
  [0x6a656a63, "virtiofs"],
  [0x786f4256, "vboxsf"],
  [0xbacbacbc, "vmhgfs"],
  [0x7c7c6673, "prl_fs"],
]);

/** This machine's own. */
export const nativeSystem: WatchSystem = { watch, remote };

function watch(directory: string, events: WatchEvents): WatchHandle {
  const watcher = fsWatch(directory, { persistent: false }, (kind, name) =>
    events.changed(kind, name ?? undefined),
  );
  watcher.on("error", (error) => events.failed(error));
  return watcher;
}

function remote(directory: string): string | undefined {
  if (process.platform !== "linux") return undefined;
  try {
    // The type is a signed 32-bit number on some architectures.
    return REMOTE.get(statfsSync(directory).type >>> 0);
  } catch {
    // It cannot be asked; then it is watched like any other.
    return undefined;
  }
}
