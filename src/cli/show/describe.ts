// A session and a daemon in words, one fact a line. Pure; everything that others chose is made safe
// to show.

import type { DaemonReply } from "../../api/daemon-replies.ts";
import type { RunStartCause, SessionReply } from "../../api/replies.ts";
import { formatDuration } from "../../domain/duration.ts";
import { endInShort, startInShort } from "./causes.ts";
import {
  calledOffBy,
  healthInShort,
  limitsInWords,
  policyInWords,
  readinessInShort,
} from "./policy-words.ts";
import type { Cell } from "./table.ts";
import { shellLine, visible } from "./visible.ts";

type Pairs = (readonly [name: string, value: Cell])[];

/** What there is to say of a session; what does not apply is left out. */
export function describeSession(session: SessionReply): Pairs {
  const lines: [string, string | undefined][] = [
    ["id", session.id],
    ["name", session.name ?? undefined],
    ["state", stateLine(session)],
    ["error", session.error ?? undefined],
    ["command", shellLine(session.command)],
    ["cwd", session.cwd],
    ["pid", session.pid?.toString()],
    ["run", `${session.run} (${restarts(session)})`],
    ["last restart", cause(session.last_restart_cause)],
    ["restarts", policyInWords(session.restart_policy)],
    ["next restart", session.next_restart_at ?? undefined],
    ["gave up", session.gave_up_reason ?? undefined],
    ["called off", session.called_off === null ? undefined : calledOffBy(session.called_off)],
    ["lost", session.lost ? "started again by korun restart --lost" : undefined],
    ["ready", readinessInShort(session)],
    ["health", healthInShort(session)],
    ["limits", limitsInWords(session)],
    ["last end", session.last_end === null ? undefined : endInShort(session.last_end)],
    ["created", session.created_at],
    ["started", session.last_started_at ?? undefined],
    ["ended", session.last_stopped_at ?? undefined],
    ["env", variables(session.env_overrides)],
    ["watch", watch(session)],
    ["ignore", session.ignore.length === 0 ? undefined : session.ignore.join(" ")],
    ["changes", changes(session)],
    ["grace", formatDuration(session.grace_ms)],
    ["stdin", session.stdin === "none" ? undefined : session.stdin],
    ["pty", session.pty === null ? undefined : sizeInWords(session.pty)],
    ["terminal", terminal(session)],
    ["interrupted", session.terminal?.interrupted_at ?? undefined],
    ["left behind", leftBehind(session)],
    ["stdout", output(session, "stdout")],
    ["stderr", output(session, "stderr")],
  ];
  return pairs(lines);
}

/** What there is to say of a daemon. */
export function describeDaemon(daemon: DaemonReply): Pairs {
  const { sessions_running, sessions_known, sessions_created } = daemon;
  return pairs([
    ["daemon", `korun ${daemon.version}, running for ${formatDuration(daemon.uptime_ms)}`],
    ["pid", String(daemon.pid)],
    ["started", daemon.started_at],
    ["url", `http://127.0.0.1:${daemon.port}`],
    ["socket", daemon.socket],
    ["home", daemon.home],
    ["log", daemon.log],
    ["problem", daemon.problem ?? undefined],
    [
      "sessions",
      `${sessions_running} running, ${sessions_known} known, ${sessions_created} created`,
    ],
  ]);
}

function pairs(lines: readonly (readonly [string, string | undefined])[]): Pairs {
  return lines.flatMap(([name, text]) =>
    text === undefined ? [] : [[name, { text: visible(text) }] as const],
  );
}

function stateLine({ state, uptime_ms, exit_code, term_signal }: SessionReply): string {
  if (uptime_ms !== null) return `${state} for ${formatDuration(uptime_ms)}`;
  if (state !== "exited") return state;
  if (term_signal !== null) return `${state}, ended by ${term_signal}`;
  return exit_code === null ? state : `${state} with code ${exit_code}`;
}

function restarts(session: SessionReply): string {
  const { restart_count, policy_restart_count, health_restart_count } = session;
  if (restart_count === 0) return "never restarted";
  const parts = [
    `${session.manual_restart_count} by hand`,
    `${session.watch_restart_count} by file changes`,
  ];
  if (policy_restart_count > 0) parts.push(`${policy_restart_count} by its policy`);
  if (health_restart_count > 0) parts.push(`${health_restart_count} since it was unhealthy`);
  return `restarted ${times(restart_count)}: ${parts.join(", ")}`;
}

function cause(restart: RunStartCause | null): string | undefined {
  return restart === null ? undefined : startInShort(restart);
}

function watch({ watch, watching }: SessionReply): string | undefined {
  if (watch.length === 0) return undefined;
  const problem = watching.problem === null ? "" : `: ${watching.problem}`;
  return `${watch.join(" ")} (${watching.state}${problem})`;
}

function changes(session: SessionReply): string | undefined {
  if (session.last_change_path === null) return undefined;
  const { file_change_count, last_change_path, last_change_at } = session;
  return `${file_change_count}, the last ${last_change_path} at ${last_change_at}`;
}

/** As it is now; as it was asked for it is `pty`. */
function terminal({ terminal: now }: SessionReply): string | undefined {
  return now === null ? undefined : `${now.state}, ${sizeInWords(now)}`;
}

function sizeInWords({ cols, rows }: { readonly cols: number; readonly rows: number }): string {
  return `${counted(cols, "column")}, ${counted(rows, "row")}`;
}

function leftBehind({ left_behind }: SessionReply): string | undefined {
  if (left_behind.length === 0) return undefined;
  return left_behind.map(({ pid, name }) => `${name} (${pid})`).join(", ");
}

/** Values are shown by the API too; here each takes its shell form. */
function variables(overrides: Readonly<Record<string, string>>): string | undefined {
  const entries = Object.entries(overrides);
  if (entries.length === 0) return undefined;
  return entries.map(([name, value]) => `${name}=${shellLine([value])}`).join(" ");
}

function output(session: SessionReply, stream: "stdout" | "stderr"): string {
  const dropped = session[`${stream}_dropped_lines`];
  const suffix = dropped === 0 ? "" : `, ${dropped} older lines dropped`;
  const lines = session[`${stream}_lines`];
  const bytes = session[`${stream}_bytes`];
  return `${counted(lines, "line")}, ${counted(bytes, "byte")}${suffix}`;
}

function counted(count: number, what: string): string {
  return count === 1 ? `1 ${what}` : `${count} ${what}s`;
}

function times(count: number): string {
  return count === 1 ? "once" : `${count} times`;
}
