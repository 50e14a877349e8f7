// `korun run`: a session whose output is shown while it lasts, whose end is ours, and which our end
// ends. The daemon runs it like any other; here are only its output, its signals and its exit code.
// One of the same name that lives already is only looked at: it ends when its own people want.

import type { LogReply } from "../../api/log-replies.ts";
import type { SessionReply } from "../../api/replies.ts";
import type { Client } from "../../client/client.ts";
import { outlivingCall } from "../../client/follow.ts";
import { EXIT } from "../exit.ts";
import { openClient } from "../open-client.ts";
import { isBrokenPipe, Unwritable } from "../show/print.ts";
import { Interrupts } from "./interrupts.ts";
import { showOutput } from "./run-output.ts";
import { exitCodeOfSignal } from "./signals.ts";
import { type StartLine, startSession, tellFailedStart } from "./start-session.ts";

/** Starts the session, stays until it is over, and gives its exit code. */
export async function runInForeground(line: StartLine): Promise<number> {
  const client = openClient({ launch: "always" });
  // From before the session exists: one that is being made must not be left behind.
  const interrupts = new Interrupts();
  const terminal = line.flags.pty ? await import("./run-terminal.ts") : undefined;
  const onTerminal = terminal !== undefined && (await terminal.hasTerminal());
  const { reply, exitCode } = await startSession(client, line, { paced: !onTerminal });
  if (exitCode !== undefined) return exitCode;
  const { id, existing = false } = reply.body;
  if (existing && onTerminal) {
    interrupts.close();
    return await (await import("../attach/attach.ts")).attachTo([id], {
      key: undefined,
      input: true,
    });
  }
  if (existing) {
    interrupts.leave();
    (await import("./existing.ts")).tellFollowing();
  } else {
    interrupts.aim(client, id);
  }
  const watched = line.flags.watch.length > 0;
  const notes = comesBack(line) ? await import("./run-notes.ts") : undefined;
  const telling = notes?.tellRuns(client, { id, watched, existing });
  try {
    const sinceSeq = existing ? await startOfRun(client, id) : 0;
    if (onTerminal) await terminal.showTerminal(client, id);
    else await showOutput(client, { id, sinceSeq, paced: !existing });
  } catch (thrown) {
    if (!isBrokenPipe(thrown) && !(thrown instanceof Unwritable)) throw thrown;
    // Nobody reads: end as a command in a pipeline ends, but leave no process of ours behind.
    if (!existing) await client.stop(id, { wait: true }).catch(() => {});
    if (thrown instanceof Unwritable) throw thrown;
    return EXIT.brokenPipe;
  } finally {
    telling?.end();
    interrupts.close();
  }
  const { body } = await outlivingCall(client, () => client.inspect(id));
  const end = body.last_end;
  if (end?.kind === "limit") (await import("./run-notes.ts")).tellLimit(end);
  if (isHalfSeen(body)) (await import("./run-notes.ts")).tellHalfSeen(body);
  if (!watched) notes?.tellGivenUp(body);
  return exitCodeOf(body);
}

/** Where the newest run begins in the log, as far as it is still there. */
async function startOfRun(client: Client, id: string): Promise<number> {
  const query = { run: "last", limit: 1, format: "json" } as const;
  const page = await client.log(id, { action: "head", query });
  const { entries, next_seq } = (await new Response(page).json()) as LogReply;
  return entries[0]?.seq ?? next_seq;
}

/** Something may start it again. */
function comesBack({ flags }: StartLine): boolean {
  const { watch, restart = "never" } = flags;
  return watch.length > 0 || restart !== "never" || flags["health-restart"];
}

/** Neither daemon nor keeper was there when it ended. */
function isHalfSeen({ last_end: end }: SessionReply): boolean {
  if (end?.kind === "exit" || end?.kind === "signal") return end.cut === true;
  return end?.kind === "unknown" || end?.kind === "lost";
}

function exitCodeOf(session: SessionReply): number {
  const { command, error, exit_code, term_signal } = session;
  if (error !== null) return tellFailedStart({ command, error });
  if (term_signal !== null) return exitCodeOfSignal(term_signal);
  return exit_code ?? EXIT.failure;
}
