// The schemas that have a name in the documents: all that are exported, but for those of queries,
// which are told parameter by parameter.

import type * as v from "valibot";
import * as daemon from "../daemon-replies.ts";
import * as diffing from "../diffing.ts";
import * as digesting from "../digesting.ts";
import * as expecting from "../expecting.ts";
import * as history from "../history-replies.ts";
import * as input from "../input.ts";
import * as logs from "../log-replies.ts";
import * as policies from "../policy-replies.ts";
import * as sessions from "../replies.ts";
import * as requests from "../requests.ts";
import * as stats from "../stats.ts";
import * as terminal from "../terminal.ts";
import * as waiting from "../waiting.ts";

/** Schemas by their names. */
export function namedSchemas(): Readonly<Record<string, v.GenericSchema>> {
  const modules = [
    ...[requests, sessions, waiting, input, terminal],
    ...[logs, diffing, digesting, expecting],
    ...[history, stats, policies, daemon],
  ];
  const exported = modules.flatMap((module) => Object.entries(module));
  return Object.fromEntries(
    exported.filter((entry): entry is [string, v.GenericSchema] => isNamed(...entry)),
  );
}

function isNamed(name: string, value: unknown): boolean {
  if (!/^[A-Z]/.test(name) || name.endsWith("Query")) return false;
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "schema";
}
