// What a session was asked to do by itself, in the shape in which it is sent: defaults filled in,
// durations in milliseconds.

import * as v from "valibot";
import { count, type Reply } from "./reply-values.ts";

/** When a session that ended is started again. */
export const RestartPolicyReply = v.strictObject({
  kind: v.picklist(["never", "always", "fixed", "exponential"]),
  on: v.exactOptional(v.picklist(["any", "failure"])),
  delay: v.exactOptional(count),
  initialDelay: v.exactOptional(count),
  maxDelay: v.exactOptional(count),
  multiplier: v.exactOptional(v.pipe(v.number(), v.minValue(1))),
  maxRestarts: v.exactOptional(count),
  resetAfter: v.exactOptional(count),
});

export type RestartPolicyReply = Reply<typeof RestartPolicyReply>;

/** One check, as it is sent. */
export const CheckReply = v.strictObject({
  log: v.exactOptional(v.string()),
  regex: v.exactOptional(v.string()),
  port: v.exactOptional(count),
  url: v.exactOptional(v.string()),
  status: v.exactOptional(count),
  file: v.exactOptional(v.string()),
  command: v.exactOptional(v.array(v.string())),
});

export type CheckReply = Reply<typeof CheckReply>;

export const ReadyCheckReply = v.strictObject({ ...CheckReply.entries, timeout: count });

export type ReadyCheckReply = Reply<typeof ReadyCheckReply>;

export const HealthCheckReply = v.strictObject({
  ...CheckReply.entries,
  interval: count,
  timeout: count,
  threshold: count,
  restart: v.boolean(),
});

export type HealthCheckReply = Reply<typeof HealthCheckReply>;
