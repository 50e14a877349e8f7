// A file system of one megabyte, to be filled up and made read-only. Only root can have one.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export class SmallDisk {
  readonly folder = mkdtempSync(join(tmpdir(), "korun-disk-"));

  /** Whether this process may mount; looked up by doing it. */
  static possible(): boolean {
    if (process.platform !== "linux" || process.getuid?.() !== 0) return false;
    try {
      new SmallDisk().remove();
      return true;
    } catch {
      return false;
    }
  }

  constructor() {
    try {
      run("mount", "-t", "tmpfs", "-o", "size=1m", "korun-test", this.folder);
    } catch (thrown) {
      rmSync(this.folder, { recursive: true });
      throw thrown;
    }
  }

  /** Leaves not a single byte. */
  fill(): void {
    for (const size of [65_536, 4_096]) {
      try {
        for (let part = 0; ; part += 1) {
          writeFileSync(join(this.folder, `filler-${size}-${part}`), new Uint8Array(size));
        }
      } catch (thrown) {
        if (!String(thrown).includes("ENOSPC")) throw thrown;
      }
    }
  }

  empty(): void {
    run("find", this.folder, "-name", "filler-*", "-delete");
  }

  /** Needs that nobody has a file open for writing. */
  setReadOnly(readOnly: boolean): void {
    run("mount", "-o", `remount,${readOnly ? "ro" : "rw"}`, this.folder);
  }

  remove(): void {
    run("umount", this.folder);
    rmSync(this.folder, { recursive: true });
  }
}

function run(...command: string[]): void {
  const { exitCode, stderr } = Bun.spawnSync(command, { stdout: "ignore", stderr: "pipe" });
  if (exitCode !== 0) throw new Error(`${command.join(" ")}: ${stderr.toString()}`);
}
