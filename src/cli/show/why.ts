// Why a session is in the state it is in, as sentences: what started its newest run, what ended it,
// and what it waits for. Pure; what others chose is made safe to show.

import type { RunReply } from "../../api/history-replies.ts";
import type { SessionReply } from "../../api/replies.ts";
import { formatDuration } from "../../domain/duration.ts";
import { labelOf } from "../pick.ts";
import { calledOffBy, policyInWords } from "./policy-words.ts";
import { visible } from "./visible.ts";

/** The sentences, one a line. `run` is the newest run, if it is known. */
export function explain(session: SessionReply, run: RunReply | undefined): string[] {
  const lines = [
    state(session),
    start(session, run),
    terminal(session),
    end(session, run),
    unready(session),
    readiness(session),
    health(session),
    policy(session),
    calledOff(session),
    waits(session),
  ];
  return lines.flatMap((line) => (line === undefined ? [] : [visible(line)]));
}

function state(session: SessionReply): string {
  const label = labelOf(session);
  const { uptime_ms, run, pid } = session;
  switch (session.state) {
    case "starting":
      return `${label} is starting its run ${run}.`;
    case "running": {
      const since = uptime_ms === null ? "" : ` for ${formatDuration(uptime_ms)}`;
      if (pid !== null) return `${label} is running${since}, as pid ${pid}.`;
      return `${label} is running${since}: its command has ended, others of its processes have not.`;
    }
    case "stopping":
      return `${label} is stopping: its processes are being ended.`;
    case "exited":
      return `${label} has exited${howItEnded(session)}.`;
    case "failed":
      return `${label} has failed: its command could not be started: ${session.error}.`;
  }
}

function howItEnded({ exit_code, term_signal }: SessionReply): string {
  if (term_signal !== null) return `: ${term_signal} ended it`;
  return exit_code === null ? ", nobody knows how" : ` with code ${exit_code}`;
}

function start(session: SessionReply, run: RunReply | undefined): string | undefined {
  const cause = run?.cause ?? session.last_restart_cause;
  if (cause === null || cause === undefined) return undefined;
  const number = `Run ${run?.number ?? session.run}`;
  const when = run === undefined ? "" : ` at ${run.started_at}`;
  switch (cause.kind) {
    case "create":
      return `${number} started${when}, when the session was created.`;
    case "manual":
      return `${number} started${when}, since somebody restarted it.`;
    case "watch":
      return `${number} started${when}, since ${cause.path} was ${cause.event}.`;
    case "policy":
      return `${number} started${when}, by its restart policy: restart ${cause.attempt} in a row.`;
    case "health":
      return `${number} started${when}, since the run before was unhealthy: ${cause.reason}.`;
    default:
      return cause satisfies never;
  }
}

function terminal(session: SessionReply): string | undefined {
  if (session.terminal?.state !== "lost") return undefined;
  return (
    "Its terminal is lost: daemon and keeper were killed at once. It sees a hang-up there, and can " +
    `show nothing more; \`korun restart ${labelOf(session)}\` starts it in another.`
  );
}

function end(session: SessionReply, run: RunReply | undefined): string | undefined {
  if (session.state === "starting" || session.state === "running") return undefined;
  const why = run === undefined ? session.last_end : run.end;
  if (why === null || why.kind === "failed") return undefined;
  const when = run?.ended_at ?? session.last_stopped_at;
  const ended = when === null ? "It ended" : `It ended at ${when}`;
  switch (why.kind) {
    case "exit":
      return `${ended} by itself.${lastOutput(why)}`;
    case "signal":
      return `${ended} by a signal that korun did not send.${lastOutput(why)}`;
    case "stop":
      return `${ended} since somebody stopped it.`;
    case "restart":
      return `${ended} in order to be restarted.`;
    case "watch":
      return `${ended} in order to be restarted, since ${why.path} was ${why.event}.`;
    case "health":
      return `${ended} in order to be restarted, since it was unhealthy: ${why.reason}.`;
    case "limit":
      return `${ended} since it went over its ${why.limit}: ${why.reason}.`;
    case "daemon_stop":
      return `${ended} with the daemon, which was stopped.`;
    case "lost":
      return `It was running when the machine went down.`;
    case "unknown":
      return `It ended while no daemon ran, and nobody saw how.`;
    default:
      return why satisfies never;
  }
}

function lastOutput({ cut }: { readonly cut?: true }): string {
  return cut === true
    ? " Neither daemon nor keeper was there: its last output may be missing."
    : "";
}

function readiness(session: SessionReply): string | undefined {
  const { state, ready, waiting_for, ready_timed_out } = session;
  if (ready || state !== "running" || waiting_for.length === 0) return undefined;
  const what = waiting_for.join("; ");
  return ready_timed_out ? `It was not ready in time: ${what}.` : `It waits to be ready: ${what}.`;
}

function unready({ waited_for }: SessionReply): string | undefined {
  return waited_for.length === 0
    ? undefined
    : `It was not ready by then: ${waited_for.join("; ")}.`;
}

function health({ health: how }: SessionReply): string | undefined {
  if (how?.state !== "unhealthy") return undefined;
  const reason = how.reasons.at(-1);
  return `It is unhealthy${reason === undefined ? "" : `: ${reason}`}.`;
}

function policy(session: SessionReply): string | undefined {
  const { gave_up_reason, next_restart_at, restart_policy } = session;
  if (gave_up_reason !== null) return `Its restart policy gave up: ${gave_up_reason}.`;
  if (next_restart_at === null) return undefined;
  const label = labelOf(session);
  const rule = policyInWords(restart_policy);
  return (
    `Its restart policy (${rule}) starts it again at ${next_restart_at}; ` +
    `\`korun restart ${label}\` does at once, \`korun stop ${label}\` calls it off.`
  );
}

function calledOff({ called_off }: SessionReply): string | undefined {
  if (called_off === null) return undefined;
  return `It was to start again, which was called off ${calledOffBy(called_off)}.`;
}

function waits(session: SessionReply): string | undefined {
  const { watch, watching, left_behind } = session;
  const label = labelOf(session);
  if (session.state === "stopping") {
    return `It waits for its processes to end, and kills them after ${formatDuration(session.grace_ms)}.`;
  }
  if (left_behind.length > 0) {
    const who = left_behind.map(({ name, pid }) => `${name} (${pid})`).join(", ");
    return `It left processes behind: ${who}. The next stop, restart or rm ends them.`;
  }
  const atRest = session.state === "exited" || session.state === "failed";
  const looks = watching.state === "armed" || watching.state === "degraded";
  if (watch.length > 0 && looks) {
    const how = watching.problem === null ? "" : ` (${watching.problem})`;
    const then = atRest ? "starts it again" : "restarts it";
    return `A change of ${watch.join(", ")} ${then}${how}.`;
  }
  if (!atRest || session.next_restart_at !== null) return undefined;
  const disarmed = watch.length > 0 ? ", and file changes do not start it any more" : "";
  const lost = session.lost ? ", and `korun restart --lost` all that was lost" : "";
  return `It waits for nothing${disarmed}: \`korun restart ${label}\` starts it again${lost}.`;
}
