// A living session that has the name of the one that was asked for, and is another one: which
// fields of the request differ. Values of environment variables are never told: they may be secrets.

import type { Difference } from "../api/daemon-replies.ts";
import type { NameTaken } from "../domain/name-taken.ts";
import { Problem } from "../domain/problem.ts";
import { differingParts, type SpecPart } from "../domain/same-spec.ts";
import type { SessionSpec } from "../domain/session.ts";
import { policiesReply } from "./present/policies.ts";

/** Why the living session is not the one that was asked for; undefined when it is. */
export function differenceProblem(taken: NameTaken, asked: SessionSpec): Problem | undefined {
  const { holder, field, expected, hint } = taken;
  if (holder.isLeaving) {
    return new Problem("conflict", `The name ${asked.name} is taken: ${holder.id} is stopping`, {
      field,
      expected,
      hint: "Ask again when it has stopped.",
    });
  }
  const differences = differencesOf(holder.spec, asked);
  if (differences.length === 0) return undefined;
  const fields = differences.map((difference) => difference.field).join(", ");
  const message = `${taken.message}, with another ${fields}`;
  return new Problem("conflict", message, { field, expected, hint, differences });
}

function differencesOf(has: SessionSpec, asked: SessionSpec): readonly Difference[] {
  return differingParts(has, asked).flatMap((part): readonly Difference[] => {
    if (part === "env") return variables(has.env, asked.env);
    const { field, value } = FIELDS[part];
    return [{ field, has: value(has), asked: value(asked) }];
  });
}

interface Field {
  /** In a request. */
  readonly field: string;
  readonly value: (spec: SessionSpec) => unknown;
}

const FIELDS: { readonly [Part in Exclude<SpecPart, "env">]: Field } = {
  command: { field: "command", value: ({ command }) => command },
  cwd: { field: "cwd", value: ({ cwd }) => cwd },
  watch: { field: "watch", value: ({ watch }) => watch },
  ignore: { field: "ignore", value: ({ ignore }) => ignore },
  graceMs: { field: "grace", value: ({ graceMs }) => graceMs },
  debounceMs: { field: "debounce", value: ({ debounceMs }) => debounceMs },
  restart: { field: "restart", value: (spec) => policiesReply(spec).restart_policy },
  ready: { field: "ready", value: (spec) => policiesReply(spec).ready_checks },
  health: { field: "health", value: (spec) => policiesReply(spec).health_check },
  maxRssBytes: { field: "max_rss", value: (spec) => policiesReply(spec).max_rss },
  maxRuntimeMs: { field: "max_runtime", value: (spec) => policiesReply(spec).max_runtime_ms },
  stdin: { field: "stdin", value: ({ stdin }) => stdin },
  pty: { field: "pty", value: ({ pty }) => pty !== undefined },
};

type Variables = SessionSpec["env"];

function variables(has: Variables, asked: Variables): readonly Difference[] {
  const names = new Set([...Object.keys(has), ...Object.keys(asked)]);
  const differing = [...names].filter((name) => has[name] !== asked[name]);
  return differing.sort().map((name) => ({
    field: `env.${name}`,
    has: Object.hasOwn(has, name) ? "a value" : null,
    asked: askedOf(name, { has, asked }),
  }));
}

function askedOf(name: string, { has, asked }: { has: Variables; asked: Variables }) {
  if (!Object.hasOwn(asked, name)) return null;
  return Object.hasOwn(has, name) ? "another value" : "a value";
}
