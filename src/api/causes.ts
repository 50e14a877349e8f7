// Why runs start and end, as the API shows it: the domain's own words.

import * as v from "valibot";
import { about, count, ordinal } from "./reply-values.ts";

const watch = v.strictObject({
  kind: v.literal("watch"),
  path: about(v.string(), "As the watch entry was given: relative to cwd where it lies below it."),
  event: v.picklist(["created", "modified", "deleted"]),
});

const health = v.strictObject({ kind: v.literal("health"), reason: v.string() });

/** Why a run started. */
export const startCause = v.variant("kind", [
  v.strictObject({ kind: v.picklist(["create", "manual"]) }),
  watch,
  v.strictObject({
    kind: v.literal("policy"),
    attempt: about(ordinal, "Which restart in a row."),
    delay_ms: about(count, "How long the policy waited before it."),
  }),
  health,
]);

/** Why a run ended. */
export const endCause = v.variant("kind", [
  v.strictObject({
    kind: v.picklist(["exit", "signal"]),
    cut: v.exactOptional(
      about(
        v.literal(true),
        "Neither daemon nor keeper was there: its last output may be missing.",
      ),
    ),
  }),
  v.strictObject({ kind: v.picklist(["stop", "restart", "daemon_stop", "lost", "unknown"]) }),
  watch,
  health,
  v.strictObject({
    kind: v.literal("limit"),
    limit: v.picklist(["max_rss", "max_runtime"]),
    reason: v.string(),
  }),
  v.strictObject({
    kind: v.literal("failed"),
    error: about(v.string(), "Opens with the system's code, such as ENOENT."),
  }),
]);
