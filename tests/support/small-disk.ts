// A file system of a megabyte or some, to be filled up and made read-only. Only root can have one.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface SmallDiskOptions {
  readonly size?: string;
  /** A folder that is there, to be covered by it. */
  readonly at?: string;
}

export class SmallDisk {
  readonly folder: string;
  readonly #isOwn: boolean;

  #filled = 0;

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

  constructor({ size = "1m", at }: SmallDiskOptions = {}) {
    this.#isOwn = at === undefined;
    this.folder = at ?? mkdtempSync(join(tmpdir(), "korun-disk-"));
    try {
      run("mount", "-t", "tmpfs", "-o", `size=${size},mode=700`, "korun-test", this.folder);
    } catch (thrown) {
      if (this.#isOwn) rmSync(this.folder, { recursive: true });
      throw thrown;
    }
  }

  /** Leaves not a single byte, unless some are to be left. */
  fill({ leaving = 0 }: { leaving?: number } = {}): void {
    const spare = join(this.folder, "spare");
    if (leaving > 0) writeFileSync(spare, new Uint8Array(leaving));
    this.#filled += 1;
    for (const size of [65_536, 4_096]) {
      try {
        for (let part = 0; ; part += 1) {
          const name = `filler-${this.#filled}-${size}-${part}`;
          writeFileSync(join(this.folder, name), new Uint8Array(size));
        }
      } catch (thrown) {
        if (!String(thrown).includes("ENOSPC")) throw thrown;
      }
    }
    rmSync(spare, { force: true });
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
    if (this.#isOwn) rmSync(this.folder, { recursive: true });
  }
}

function run(...command: string[]): void {
  const { exitCode, stderr } = Bun.spawnSync(command, { stdout: "ignore", stderr: "pipe" });
  if (exitCode !== 0) throw new Error(`${command.join(" ")}: ${stderr.toString()}`);
}
