// Domain data as the API shows it: snake_case, RFC 3339 times in UTC with milliseconds, and bytes
// decoded as UTF-8 with U+FFFD for what is not.

import { isUtf8 } from "node:buffer";
import type { EventReply, RunReply } from "../../api/history-replies.ts";
import type { TerminalReply } from "../../api/input.ts";
import type { FollowFrame, LogEntry, LogReply } from "../../api/log-replies.ts";
import type { SessionHealth, SessionReply, SessionSummary } from "../../api/replies.ts";
import type { HealthStatus } from "../../domain/checks.ts";
import type { HistoryEvent, OutputTotals, Run } from "../../domain/history.ts";
import type { LogStream, SessionSnapshot, TerminalStatus } from "../../domain/session.ts";
import type { Entry } from "../../logs/entry.ts";
import type { FollowBatch } from "../../logs/follower.ts";
import type { LogPage } from "../../logs/page.ts";
import { policiesReply } from "./policies.ts";

/** An element of the list of sessions. */
export function sessionSummary(session: SessionSnapshot): SessionSummary {
  const { spec } = session;
  return {
    id: session.id,
    name: spec.name ?? null,
    state: session.state,
    command: spec.command,
    cwd: spec.cwd,
    pid: session.pid,
    started_at: timeOrNull(session.firstStartedAt),
    uptime_ms: session.uptimeMs === null ? null : Math.round(session.uptimeMs),
    restart_count: restartCount(session),
    exit_code: session.exit?.code ?? null,
    term_signal: session.exit?.signal ?? null,
    error: session.error,
    last_end: session.lastEnd,
    ready: session.readiness.ready,
    health: healthReply(session.health),
    next_restart_at: timeOrNull(session.nextRestartAt),
    gave_up: session.gaveUp !== null,
    lost: session.lost,
  };
}

/** All that is said of one session. What it inherited is never shown. */
export function sessionReply(session: SessionSnapshot): SessionReply {
  const { spec, output } = session;
  return {
    ...sessionSummary(session),
    env_overrides: spec.env,
    watch: spec.watch,
    ignore: spec.ignore,
    grace_ms: spec.graceMs,
    debounce_ms: spec.debounceMs,
    run: session.run,
    created_at: time(session.createdAt),
    last_started_at: timeOrNull(session.lastStartedAt),
    last_stopped_at: timeOrNull(session.lastEndedAt),
    manual_restart_count: session.manualRestarts,
    watch_restart_count: session.watchRestarts,
    last_restart_cause: session.lastRestartCause,
    file_change_count: session.fileChanges,
    last_change_at: timeOrNull(session.lastChangeAt),
    last_change_path: session.lastChangePath,
    left_behind: session.leftBehind,
    watching: session.watching,
    stdout_lines: output.stdoutLines,
    stderr_lines: output.stderrLines,
    blended_lines: output.blendedLines,
    stdout_dropped_lines: output.stdoutDropped,
    stderr_dropped_lines: output.stderrDropped,
    blended_dropped_lines: output.blendedDropped,
    stdout_bytes: output.stdoutBytes,
    stderr_bytes: output.stderrBytes,
    policy_restart_count: session.policyRestarts,
    health_restart_count: session.healthRestarts,
    ready_at: timeOrNull(session.readiness.readyAt),
    waiting_for: session.readiness.waitingFor,
    ready_timed_out: session.readiness.timedOut,
    waited_for: session.readiness.waitedFor,
    gave_up_reason: session.gaveUp,
    called_off: session.calledOff,
    ...policiesReply(spec),
    terminal: terminalReply(session.terminal),
  };
}

function terminalReply(terminal: TerminalStatus | null): TerminalReply | null {
  if (terminal === null) return null;
  const { cols, rows, state, interruptedAt } = terminal;
  return { cols, rows, state, interrupted_at: timeOrNull(interruptedAt) };
}

function restartCount(session: SessionSnapshot): number {
  const { manualRestarts, watchRestarts, policyRestarts, healthRestarts } = session;
  return manualRestarts + watchRestarts + policyRestarts + healthRestarts;
}

function healthReply(health: HealthStatus | null): SessionHealth | null {
  if (health === null) return null;
  const { state, failures, checkedAt, reasons } = health;
  return { state, failures, checked_at: timeOrNull(checkedAt), reasons };
}

/** A page of a session's log. */
export function logReply(page: LogPage, of: { id: string; stream: LogStream }): LogReply {
  return {
    session_id: of.id,
    stream: of.stream,
    entries: page.entries.map(logEntry),
    next_seq: page.nextSeq,
    ...(page.dropped === undefined ? {} : { dropped: page.dropped }),
  };
}

/** What a follower gets as lines of NDJSON: first what it missed, then the entries. */
export function followFrames(batch: FollowBatch): FollowFrame[] {
  const frames: FollowFrame[] = batch.entries.map(logEntry);
  if (batch.missed === 0) return frames;
  return [{ missed: batch.missed, next_seq: batch.entries[0]?.seq ?? batch.nextSeq }, ...frames];
}

/** A run; `now` is what the session has printed so far, for one that has not ended. */
export function runReply(run: Run, now: OutputTotals): RunReply {
  const { outputBefore: before } = run;
  const until = run.outputAfter ?? now;
  return {
    number: run.number,
    pid: run.pid,
    started_at: time(run.startedAt),
    ended_at: timeOrNull(run.endedAt),
    exit_code: run.exitCode,
    term_signal: run.termSignal,
    cause: run.cause,
    end: run.end,
    stdout_bytes: until.stdoutBytes - before.stdoutBytes,
    stdout_lines: until.stdoutLines - before.stdoutLines,
    stderr_bytes: until.stderrBytes - before.stderrBytes,
    stderr_lines: until.stderrLines - before.stderrLines,
  };
}

/** An event; its fields are the happening's own. */
export function eventReply(event: HistoryEvent): EventReply {
  const { seq, time: ms, type, sessionId, ...facts } = event;
  const { exitCode, termSignal, delayMs, ...rest } = {
    exitCode: undefined,
    termSignal: undefined,
    delayMs: undefined,
    ...facts,
  };
  return {
    seq,
    ts: time(ms),
    type,
    session_id: sessionId,
    ...rest,
    ...(exitCode === undefined ? {} : { exit_code: exitCode }),
    ...(termSignal === undefined ? {} : { term_signal: termSignal }),
    ...(delayMs === undefined ? {} : { delay_ms: delayMs }),
  };
}

/** A time in epoch milliseconds as the API writes it. */
export function time(ms: number): string {
  return new Date(ms).toISOString();
}

// A byte order mark is part of what the child printed.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

function logEntry(entry: Entry): LogEntry {
  const line = decoder.decode(entry.bytes);
  return {
    seq: entry.seq,
    ts: time(entry.time),
    stream: entry.stream,
    line,
    run: entry.run,
    ...(entry.partial ? { partial: true as const } : {}),
    ...(entry.unterminated ? { unterminated: true as const } : {}),
    ...(isWhole(line, entry.bytes) ? {} : { base64: Buffer.from(entry.bytes).toString("base64") }),
  };
}

/** Whether the text of a line says all that its bytes do. */
function isWhole(line: string, bytes: Uint8Array): boolean {
  return !line.includes("\ufffd") || isUtf8(bytes);
}

export function timeOrNull(ms: number | null): string | null {
  return ms === null ? null : time(ms);
}
