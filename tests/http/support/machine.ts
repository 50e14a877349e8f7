// A machine of plain facts: what sessions use, and who listens.

import type { ListenerSource, UsageSource } from "../../../src/http/routes/stats.ts";
import type { PortListener } from "../../../src/process/ports.ts";
import type { ProcessInfo } from "../../../src/process/process-info.ts";
import type { SessionUsage } from "../../../src/supervisor/attendants/session-meter.ts";
import type { UsagePoint } from "../../../src/supervisor/attendants/usage-history.ts";

export class FakeMachine implements UsageSource, ListenerSource {
  usage: SessionUsage = { processes: 0, rssBytes: 0, cpuMs: 0, cpuPercent: 0, members: [] };
  history: readonly UsagePoint[] = [];
  all: readonly PortListener[] = [];
  /** Which session each process belongs to. */
  readonly members = new Map<number, string>();

  async look() {
    return { usage: this.usage, history: this.history };
  }

  async membership(): Promise<ReadonlyMap<number, string>> {
    return this.members;
  }

  async listeners(): Promise<readonly PortListener[]> {
    return this.all;
  }

  async findListeners(port: number): Promise<readonly PortListener[]> {
    return this.all.filter((listener) => listener.port === port);
  }

  async portsOf(processes: readonly ProcessInfo[]): Promise<readonly PortListener[]> {
    return this.all.filter(({ pid }) => processes.some((one) => one.pid === pid));
  }
}
