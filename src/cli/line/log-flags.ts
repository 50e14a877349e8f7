// What `logs`, `tail` and `head` share: their flags, and what those mean for the API.

import type { LogFilters, LogQuery } from "../../client/queries.ts";
import { LEVELS } from "../../domain/level.ts";
import { isBackwards, parseMoment } from "../../domain/moment.ts";
import { misuse } from "./argv.ts";
import { COUNT, countIn, MOMENT, PATTERN, RUN } from "./forms.ts";
import type { Flags, Values } from "./signature.ts";

/** Lines of history of each session, when all are followed. */
const HISTORY_OF_EACH = 10;

export const LOG_FLAGS = {
  follow: { kind: "switch", short: "f", about: "Go on with what is yet to come" },
  limit: { kind: "value", short: "n", value: "N", form: COUNT, about: "Lines (default: 100)" },
  stream: {
    kind: "choice",
    choices: ["blended", "stdout", "stderr"],
    about: "Which output (default: blended, each line named by its stream)",
  },
  "since-seq": {
    kind: "value",
    value: "N",
    form: COUNT,
    about: "From this entry on, instead of the newest",
  },
  run: {
    kind: "value",
    value: "N",
    form: RUN,
    about: "What this run printed; last is the newest",
  },
  grep: { kind: "value", value: "TEXT", form: PATTERN, about: "Only lines that contain this" },
  regex: { kind: "value", value: "RE", form: PATTERN, about: "Only lines that match this (RE2)" },
  level: {
    kind: "choice",
    choices: LEVELS,
    about: "Only lines at least so serious, with those that continue them",
  },
  since: {
    kind: "value",
    value: "TIME",
    form: MOMENT,
    about: "Only from this time on: 5m ago, or 2026-03-16T12:00:00Z",
  },
  until: { kind: "value", value: "TIME", form: MOMENT, about: "Only before this time" },
  "no-ansi": { kind: "switch", about: "Without colours and other escape sequences" },
  times: { kind: "switch", short: "t", about: "Show when each line came" },
  format: { kind: "choice", choices: ["text", "json"], about: "Text, or the API's own JSON" },
  json: { kind: "switch", about: "The same as --format json" },
} as const satisfies Flags;

export type LogFlags = Values<typeof LOG_FLAGS>;

/** What to ask the API for, and how to show it. */
export interface LogPlan {
  readonly action: "logs" | "head" | "tail";
  readonly query: LogQuery;
  /** Of the query: which entries are wanted at all. */
  readonly filters: LogFilters;
  /** The API's own JSON, untouched. */
  readonly json: boolean;
  /** Lines with their times, which the API's text does not have. */
  readonly times: boolean;
}

/** The plan of `logs`, `tail` or `head`. Throws Problem `bad_request` for flags that contradict. */
export function planLog(action: LogPlan["action"], flags: LogFlags): LogPlan {
  const { follow, stream, times } = flags;
  const json = wantsJson(action, flags);
  const limit = countIn(flags.limit);
  const sinceSeq = countIn(flags["since-seq"]) ?? (action === "head" && follow ? 0 : undefined);
  if (follow && sinceSeq !== undefined && limit !== undefined) {
    throw misuse({ name: action }, "-n has no meaning when all from an entry on is followed");
  }
  if (follow && flags.run !== undefined) {
    throw misuse({ name: action }, "--run shows what a run has printed, and -f what is to come");
  }
  const [since, until] = [parseMoment(flags.since ?? ""), parseMoment(flags.until ?? "")];
  if (since !== undefined && until !== undefined && isBackwards(since, until, Date.now())) {
    throw misuse({ name: action }, "--until is before --since: no line is from between them");
  }
  const format = json || times ? "json" : "text";
  const filters = filtersIn(flags);
  return {
    // The oldest lines are one page; whatever begins at an entry is for `logs`.
    action: sinceSeq === undefined ? action : "logs",
    query: { ...filters, stream, limit, sinceSeq, run: flags.run, follow, format },
    filters,
    json,
    times,
  };
}

/** What to ask of each session, when all are followed. */
export function planOfEach(flags: LogFlags): LogPlan & { readonly history: number } {
  if (flags["since-seq"] !== undefined) {
    throw misuse({ name: "logs" }, "--since-seq is of one session, and all are followed");
  }
  const plan = planLog("logs", flags);
  const query = { ...plan.query, format: "json" } as const;
  return { ...plan, query, history: countIn(flags.limit) ?? HISTORY_OF_EACH };
}

function filtersIn({ grep, regex, level, since, until, "no-ansi": plain }: LogFlags): LogFilters {
  return { grep, regex, level, since, until, ansi: plain ? "0" : undefined };
}

function wantsJson(name: string, { json, format, times }: LogFlags): boolean {
  if (json && format === "text") throw misuse({ name }, "--json and --format text contradict");
  const wanted = json || format === "json";
  if (wanted && times) throw misuse({ name }, "-t is for text: the JSON has the times");
  return wanted;
}
