// Query parameters, strictly: each endpoint names those it takes, each may be given once, and a
// value that means nothing is refused rather than replaced by a default.

import * as v from "valibot";
import { Problem } from "../domain/problem.ts";
import { brief } from "./brief.ts";

type QuerySchema = v.StrictObjectSchema<v.ObjectEntries, undefined>;

/**
 * The parameters of a raw query, without its question mark, by the schema that declares them.
 * Throws Problem `bad_request` for one that is unknown, given twice, missing or wrong.
 */
export function readQuery<Schema extends QuerySchema>(
  raw: string,
  schema: Schema,
): v.InferOutput<Schema> {
  const values = valuesIn(raw, Object.keys(schema.entries));
  const result = v.safeParse(schema, Object.fromEntries(values), { abortEarly: true });
  if (result.success) return result.output;
  throw faultOf(result.issues[0], { schema, values });
}

/** Of a parameter that makes no sense beside the others. */
export function senseless(name: string, why: string): Problem {
  return new Problem("bad_request", `${name} ${why}`, { field: name });
}

function valuesIn(raw: string, known: readonly string[]): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const [name, value] of raw === "" ? [] : new URLSearchParams(raw)) {
    if (!known.includes(name)) throw unknown(name, known);
    if (values.has(name)) {
      throw new Problem("bad_request", `The query parameter ${name} is given more than once`, {
        field: name,
      });
    }
    values.set(name, value);
  }
  return values;
}

function faultOf(
  issue: v.BaseIssue<unknown>,
  { schema, values }: { schema: QuerySchema; values: ReadonlyMap<string, string> },
): Problem {
  const name = String(issue.path?.[0]?.key);
  const value = values.get(name);
  if (value !== undefined) return wrong(name, value, issue.message);
  const missing = v.safeParse(schema.entries[name] as v.GenericSchema, undefined);
  const expected = missing.issues?.[0].message ?? "given";
  return new Problem("bad_request", `${name} is missing: it must be ${expected}`, {
    field: name,
    expected,
  });
}

function unknown(name: string, known: readonly string[]): Problem {
  const takes = known.length === 0 ? "takes none" : `takes ${known.join(", ")}`;
  return new Problem("bad_request", `Unknown query parameter ${quote(name)}: this ${takes}`, {
    field: name.slice(0, 100),
    expected: known.length === 0 ? "no query parameters" : `one of ${known.join(", ")}`,
  });
}

function wrong(name: string, value: string, expected: string): Problem {
  return new Problem("bad_request", `${name} must be ${expected}, not ${quote(value)}`, {
    field: name,
    expected,
  });
}

/** A value as a message repeats it. */
export function quote(value: string): string {
  return JSON.stringify(brief(value));
}
