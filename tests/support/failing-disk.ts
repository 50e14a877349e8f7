// A disk that fails while it is in use: from one moment on its file system refuses every write, as
// ext4 does after an error. A remount could not do that: it is refused while files are open.

import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

export class FailingDisk {
  readonly #folder: string;
  readonly #image: string;

  /** Whether this process may mount such a disk, and make it fail; looked up by doing it. */
  static possible(): boolean {
    if (process.platform !== "linux" || process.getuid?.() !== 0) return false;
    const folder = mkdtempSync(join(tmpdir(), "korun-disk-"));
    try {
      const disk = new FailingDisk(folder);
      try {
        disk.fail();
        return true;
      } finally {
        disk.remove();
      }
    } catch {
      return false;
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  /** Covers a folder that is there. */
  constructor(folder: string) {
    this.#folder = folder;
    this.#image = join(mkdtempSync(join(tmpdir(), "korun-image-")), "ext4");
    try {
      writeFileSync(this.#image, "");
      truncateSync(this.#image, 32 * 1_048_576);
      run("mkfs.ext4", "-q", "-F", this.#image);
      run("mount", "-o", "loop,errors=remount-ro", this.#image, folder);
      run("chmod", "700", folder);
      // Made by mkfs, and not korun's.
      run("rmdir", join(folder, "lost+found"));
    } catch (thrown) {
      rmSync(join(this.#image, ".."), { recursive: true });
      throw thrown;
    }
  }

  fail(): void {
    const device = run("findmnt", "-no", "SOURCE", this.#folder).trim();
    writeFileSync(`/sys/fs/ext4/${basename(device)}/trigger_fs_error`, "1");
  }

  remove(): void {
    run("umount", this.#folder);
    rmSync(join(this.#image, ".."), { recursive: true });
  }
}

function run(...command: string[]): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync(command, { stderr: "pipe" });
  if (exitCode !== 0) throw new Error(`${command.join(" ")}: ${stderr.toString()}`);
  return stdout.toString();
}
