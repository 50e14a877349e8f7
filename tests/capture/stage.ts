// One session that is captured, in a folder of its own.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PipeEnds } from "../../src/capture/child-ends.ts";
import { Capture } from "../../src/capture/handle.ts";
import type { SessionCapture } from "../../src/capture/session-capture.ts";

export class Stage {
  readonly directory = mkdtempSync(join(tmpdir(), "korun-capture-"));
  readonly capture: Capture;
  readonly session: SessionCapture;

  constructor() {
    this.capture = Capture.start({
      directory: this.directory,
      onFailure: (reason) => {
        throw new Error(reason);
      },
    });
    this.session = this.capture.open(join(this.directory, "session"));
  }

  /** Starts a shell script as the child of a run. */
  start(script: string, run = 1): Bun.Subprocess {
    const { stdout, stderr } = this.session.begin(run) as PipeEnds;
    const child = Bun.spawn(["sh", "-c", script], {
      cwd: this.directory,
      stdin: "ignore",
      stdout,
      stderr,
    });
    this.session.started();
    return child;
  }

  async close(): Promise<void> {
    await this.session.release();
    this.capture.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
