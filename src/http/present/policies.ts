// What a session was asked to do by itself, as the API shows it: in the shape in which it is sent,
// with the defaults filled in and durations in ms.

import type {
  CheckReply,
  HealthCheckReply,
  ReadyCheckReply,
  RestartPolicyReply,
} from "../../api/policy-replies.ts";
import type { SessionReply } from "../../api/replies.ts";
import type { Check, HealthCheck, ReadyCheck } from "../../domain/checks.ts";
import type { RestartPolicy } from "../../domain/restart-policy.ts";
import type { SessionSpec } from "../../domain/session.ts";

type PoliciesReply = Pick<
  SessionReply,
  | "restart_policy"
  | "ready_checks"
  | "health_check"
  | "max_rss"
  | "max_runtime_ms"
  | "stdin"
  | "pty"
>;

/** The policies, checks and limits of a session. */
export function policiesReply(spec: SessionSpec): PoliciesReply {
  return {
    restart_policy: restartReply(spec.restart),
    ready_checks: spec.ready.map(readyReply),
    health_check: spec.health === undefined ? null : healthCheckReply(spec.health),
    max_rss: spec.maxRssBytes ?? null,
    max_runtime_ms: spec.maxRuntimeMs ?? null,
    stdin: spec.stdin,
    pty: spec.pty ?? null,
  };
}

function restartReply(policy: RestartPolicy): RestartPolicyReply {
  if (policy.kind === "never") return { kind: "never" };
  const { kind, on, resetAfterMs: resetAfter, maxRestarts } = policy;
  return {
    kind,
    ...delaysOf(policy),
    ...(maxRestarts === undefined ? {} : { maxRestarts }),
    on,
    resetAfter,
  };
}

function delaysOf(policy: RestartPolicy): Partial<RestartPolicyReply> {
  if (policy.kind === "fixed") return { delay: policy.delayMs };
  if (policy.kind !== "exponential") return {};
  const { initialDelayMs: initialDelay, maxDelayMs: maxDelay, multiplier } = policy;
  return { initialDelay, maxDelay, multiplier };
}

function readyReply({ check, timeoutMs }: ReadyCheck): ReadyCheckReply {
  return { ...checkReply(check), timeout: timeoutMs };
}

function healthCheckReply(health: HealthCheck): HealthCheckReply {
  const { check, intervalMs: interval, timeoutMs: timeout, threshold, restart } = health;
  return { ...checkReply(check), interval, timeout, threshold, restart };
}

function checkReply(check: Check): CheckReply {
  switch (check.kind) {
    case "log":
      return { log: check.text };
    case "regex":
      return { regex: check.pattern };
    case "port":
      return { port: check.port };
    case "url":
      return { url: check.url, ...(check.status === undefined ? {} : { status: check.status }) };
    case "file":
      return { file: check.path };
    case "command":
      return { command: check.command };
    default:
      return check satisfies never;
  }
}
