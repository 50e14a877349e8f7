// One round: chatty children, a daemon that is killed again and again at random moments, and at
// the end a comparison of what the store has with what the children wrote.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CreatedReply, SessionReply } from "../../src/api/replies.ts";
import type { Daemon } from "./api.ts";
import { judge, type Verdict } from "./verdict.ts";
import { type Mode, makeWriter, type Writer } from "./writers.ts";

export interface RoundOptions {
  readonly mode: Mode;
  readonly sessions: number;
  /** Lines of each child. */
  readonly lines: number;
  readonly kills: number;
  /** Longest time between two kills, in ms. */
  readonly between: number;
  random(): number;
}

export interface RoundResult {
  readonly verdicts: readonly Verdict[];
  readonly entries: number;
  /** Ms without an API, of each kill. */
  readonly away: readonly number[];
}

/** Plays one round. Throws when the daemon does not come back, or a session never ends. */
export async function playRound(daemon: Daemon, options: RoundOptions): Promise<RoundResult> {
  const folder = mkdtempSync(join(tmpdir(), "korun-chaos-"));
  try {
    const writers = Array.from({ length: options.sessions }, (_, index) =>
      makeWriter(`w${index}`, {
        mode: options.mode,
        lines: options.lines,
        exitCode: index % 100,
        record: join(folder, `w${index}`),
      }),
    );
    const ids = new Map<Writer, string>();
    for (const writer of writers) {
      const body = JSON.stringify({ command: writer.command });
      const { id } = await daemon.ask<CreatedReply>("/v1/sessions", { method: "POST", body });
      ids.set(writer, id);
    }
    const away: number[] = [];
    for (let kill = 0; kill < options.kills; kill += 1) {
      await Bun.sleep(options.random() * options.between);
      away.push(await daemon.kill());
    }
    const verdicts: Verdict[] = [];
    for (const [writer, id] of ids) verdicts.push(await verdictOf(daemon, { writer, id }));
    return { verdicts, away, entries: options.sessions * options.lines };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function verdictOf(
  daemon: Daemon,
  { writer, id }: { writer: Writer; id: string },
): Promise<Verdict> {
  let session: SessionReply;
  do {
    await Bun.sleep(10);
    session = await daemon.ask<SessionReply>(`/v1/sessions/${id}`);
  } while (session.state !== "exited");
  const text = await daemon.bytes(`/v1/sessions/${id}/logs?stream=stdout&format=text&limit=20000`);
  const verdict = judge(writer, { session, text });
  await daemon.ask(`/v1/sessions/${id}`, { method: "DELETE" });
  return verdict;
}
