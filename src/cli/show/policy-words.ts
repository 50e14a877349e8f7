// What a session does by itself, in words: its restart policy, whether it is ready and well, and its
// limits. Pure; what others chose is not made safe to show here.

import type { CheckReply, RestartPolicyReply } from "../../api/policy-replies.ts";
import type { SessionReply, SessionSummary } from "../../api/replies.ts";
import { formatDuration } from "../../domain/duration.ts";
import { formatSize } from "../../domain/size.ts";
import { shellLine } from "./visible.ts";

/** Such as `exponential from 1s to 30s, after failures, at most 3 times in a row`. */
export function policyInWords(policy: RestartPolicyReply): string | undefined {
  if (policy.kind === "never") return undefined;
  const parts = [pausesOf(policy)];
  if (policy.on === "failure") parts.push("after failures");
  const { maxRestarts, resetAfter = 0 } = policy;
  if (maxRestarts !== undefined) {
    parts.push(`at most ${maxRestarts} in a row without a run of ${formatDuration(resetAfter)}`);
  }
  return parts.join(", ");
}

/** What is to follow an end, such as `again in 3s`; undefined where nothing is. */
export function nextInShort(
  session: Pick<SessionSummary, "next_restart_at" | "gave_up" | "lost">,
  now: number,
): string | undefined {
  const { next_restart_at: at, gave_up, lost } = session;
  if (lost) return "lost";
  if (gave_up) return "gave up";
  return at === null ? undefined : `again in ${formatDuration(Date.parse(at) - now)}`;
}

/** What called off a start that was to follow. */
export function calledOffBy(by: NonNullable<SessionReply["called_off"]>): string {
  const words = {
    stop: "by a stop",
    daemon_stop: "by the stop of the daemon",
    lost: "by the end of the machine",
  };
  return words[by];
}

/** Whether it is ready, and what that waits for; undefined where nothing has to be met. */
export function readinessInShort(session: SessionReply): string | undefined {
  const { ready, ready_at, ready_checks, waiting_for, ready_timed_out } = session;
  if (ready_checks.length === 0) return undefined;
  if (ready) return ready_at === null ? "yes" : `since ${ready_at}`;
  if (ready_timed_out) return ["not in time", ...waiting_for].join("; ");
  return waiting_for.length === 0 ? "no" : `waits for ${waiting_for.join("; ")}`;
}

/** How well it does; undefined without a health check. */
export function healthInShort({ health, health_check }: SessionReply): string | undefined {
  if (health === null || health_check === null) return undefined;
  const every = `every ${formatDuration(health_check.interval)}`;
  const reason = health.reasons.at(-1);
  const why = health.failures === 0 || reason === undefined ? "" : `: ${reason}`;
  return `${health.state}${why} (${checkInWords(health_check)}, ${every})`;
}

/** What it may use; undefined without limits. */
export function limitsInWords({ max_rss, max_runtime_ms }: SessionReply): string | undefined {
  const parts: string[] = [];
  if (max_rss !== null) parts.push(`${formatSize(max_rss)} of memory`);
  if (max_runtime_ms !== null) parts.push(`${formatDuration(max_runtime_ms)} a run`);
  return parts.length === 0 ? undefined : parts.join(", ");
}

function pausesOf(policy: RestartPolicyReply): string {
  const { kind, delay = 0, initialDelay = 0, maxDelay = 0, multiplier = 1 } = policy;
  if (kind === "fixed") return `${kind}, after ${formatDuration(delay)}`;
  if (kind !== "exponential") return kind;
  const factor = multiplier === 2 ? "" : ` by ${multiplier}`;
  return `${kind} from ${formatDuration(initialDelay)} to ${formatDuration(maxDelay)}${factor}`;
}

function checkInWords({ port, url, command }: CheckReply): string {
  if (port !== undefined) return `port ${port}`;
  return url ?? shellLine(command ?? []);
}
