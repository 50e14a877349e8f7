// Why runs start and end, in a few words. Pure; paths and errors are not made safe to show here.

import type { RunEndCause, RunStartCause } from "../../api/replies.ts";

/** Such as `src/a.ts was modified`. */
export function startInShort(cause: RunStartCause): string {
  switch (cause.kind) {
    case "create":
      return "created";
    case "manual":
      return "restarted by hand";
    case "watch":
      return `${cause.path} was ${cause.event}`;
    case "policy":
      return `by its policy, restart ${cause.attempt}`;
    case "health":
      return `it was unhealthy: ${cause.reason}`;
    default:
      return cause satisfies never;
  }
}

/** Such as `stopped by hand`. */
export function endInShort(end: RunEndCause): string {
  switch (end.kind) {
    case "exit":
      return `by itself${cutInShort(end)}`;
    case "signal":
      return `by a signal from elsewhere${cutInShort(end)}`;
    case "stop":
      return "stopped by hand";
    case "restart":
      return "to be restarted";
    case "watch":
      return `${end.path} was ${end.event}`;
    case "health":
      return `it was unhealthy: ${end.reason}`;
    case "limit":
      return `over its ${end.limit}: ${end.reason}`;
    case "daemon_stop":
      return "with the daemon";
    case "lost":
      return "with the machine";
    case "unknown":
      return "unseen, while no daemon ran";
    case "failed":
      return end.error;
    default:
      return end satisfies never;
  }
}

function cutInShort({ cut }: { readonly cut?: true }): string {
  return cut === true ? ", its last output perhaps missing" : "";
}
