// `korun run`: a session whose output is shown while it lasts, whose end is ours, and which our end
// ends. The daemon runs it like any other; here are only its output, its signals and its exit code.

import type { SessionReply } from "../api/replies.ts";
import { outlivingCall } from "../client/follow.ts";
import { EXIT } from "./exit.ts";
import { Interrupts } from "./interrupts.ts";
import { openClient } from "./open-client.ts";
import { isBrokenPipe } from "./print.ts";
import { showOutput } from "./run-output.ts";
import { exitCodeOfSignal } from "./signals.ts";
import { type StartLine, startSession, tellFailedStart } from "./start-session.ts";

/** Starts the session, stays until it is over, and gives its exit code. */
export async function runInForeground(line: StartLine): Promise<number> {
  const client = openClient({ launch: true });
  // From before the session exists: one that is being made must not be left behind.
  const interrupts = new Interrupts();
  const { reply, exitCode } = await startSession(client, line);
  if (exitCode !== undefined) return exitCode;
  const { id } = reply.body;
  interrupts.aim(client, id);
  const watched = line.flags.watch.length > 0;
  const watch = watched ? (await import("./run-notes.ts")).tellRuns(client, id) : undefined;
  try {
    await showOutput(client, id);
  } catch (thrown) {
    if (!isBrokenPipe(thrown)) throw thrown;
    // Nobody reads: end as a command in a pipeline ends, but leave no process behind.
    await client.stop(id, { wait: true }).catch(() => {});
    return EXIT.brokenPipe;
  } finally {
    watch?.end();
    interrupts.close();
  }
  return exitCodeOf((await outlivingCall(client, () => client.inspect(id))).body);
}

function exitCodeOf(session: SessionReply): number {
  const { id, command, error, exit_code, term_signal } = session;
  if (error !== null) return tellFailedStart({ command, error, id });
  if (term_signal !== null) return exitCodeOfSignal(term_signal);
  return exit_code ?? EXIT.failure;
}
