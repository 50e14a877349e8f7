// What the daemon answers about itself, as schemas, and the envelope of every error.

import * as v from "valibot";
import type { ProblemCode } from "../domain/problem.ts";
import { about, count, maybe, ordinal, type Reply, time } from "./reply-values.ts";

/** `GET /healthz`. */
export const HealthReply = v.strictObject({
  ok: v.literal(true),
  service: v.literal("korun"),
  time,
});

export type HealthReply = Reply<typeof HealthReply>;

/** `GET /v1/daemon`. */
export const DaemonReply = v.strictObject({
  service: v.literal("korun"),
  version: v.string(),
  pid: ordinal,
  started_at: time,
  uptime_ms: count,
  sessions_created: count,
  sessions_running: count,
  sessions_known: count,
  port: count,
  socket: v.string(),
  home: v.string(),
  log: v.string(),
  problem: about(maybe.text, "What is wrong and what to do about it; null when all is well."),
});

export type DaemonReply = Reply<typeof DaemonReply>;

/** `POST /v1/daemon/stop`. */
export const StoppingReply = v.strictObject({ ok: v.literal(true) });

export type StoppingReply = Reply<typeof StoppingReply>;

/** `POST /v1/daemon/upgrade`. */
export const UpgradingReply = v.strictObject({
  ok: v.literal(true),
  version: about(v.string(), "Of the executable that takes over."),
});

export type UpgradingReply = Reply<typeof UpgradingReply>;

const CODES = [
  "bad_request",
  "not_executable",
  "command_not_found",
  "forbidden",
  "not_found",
  "method_not_allowed",
  "conflict",
  "payload_too_large",
  "internal",
  "unavailable",
] as const satisfies readonly ProblemCode[];

/** How a living session differs from the one that was asked for under its name. */
export const Difference = v.strictObject({
  field: about(v.string(), "The field of the request, such as `command` or `env.PORT`."),
  has: about(v.unknown(), "What the session has; null where it has none. Of a variable not told."),
  asked: about(v.unknown(), "What was asked for, in the same way."),
});

export type Difference = Reply<typeof Difference>;

/** Every response that is an error. */
export const ErrorReply = v.strictObject({
  error: v.strictObject({
    code: v.picklist(CODES),
    message: v.string(),
    field: v.exactOptional(about(v.string(), "The input at fault, such as `watch[1]`.")),
    expected: v.exactOptional(about(v.string(), "What it should have been, in words.")),
    hint: v.exactOptional(about(v.string(), "What to do about it.")),
    differences: v.exactOptional(
      about(v.array(Difference), "Why a living session is not the one that was asked for."),
    ),
    written: v.exactOptional(about(count, "Bytes of the input that were written nevertheless.")),
  }),
});

export type ErrorReply = Reply<typeof ErrorReply>;
