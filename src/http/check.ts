// Requests become typed here, once: a body is checked against its schema, and what does not fit is
// a Problem that names the field, what was wanted and what came. Values of environment variables
// are never repeated: they may be secrets.

import * as v from "valibot";
import { Problem } from "../domain/problem.ts";

type ObjectSchema = v.StrictObjectSchema<v.ObjectEntries, v.ErrorMessage<v.StrictObjectIssue>>;

/** The checked body. Throws Problem `bad_request` for the first thing that is wrong with it. */
export function checkBody<Schema extends ObjectSchema>(
  schema: Schema,
  body: unknown,
): v.InferOutput<Schema> {
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    const kind = body === undefined ? "empty" : kindOf(body);
    throw new Problem("bad_request", `The request body must be a JSON object; it is ${kind}`, {
      expected: "a JSON object",
    });
  }
  const unknown = Object.keys(body).find((key) => !Object.hasOwn(schema.entries, key));
  if (unknown !== undefined) throw unknownField(brief(unknown), Object.keys(schema.entries));
  // One fault is enough: a body of a megabyte can hold half a million.
  const result = v.safeParse(schema, body, { abortEarly: true });
  if (result.success) return result.output;
  throw faultOf(schema, result.issues[0]);
}

function unknownField(field: string, known: readonly string[]): Problem {
  return problem(`Unknown field ${field}: there are ${known.join(", ")}`, {
    field,
    expected: `one of ${known.join(", ")}`,
  });
}

function faultOf(schema: ObjectSchema, issue: v.BaseIssue<unknown>): Problem {
  const field = fieldOf(issue.path);
  if (issue.type === "strict_object" && issue.expected === "never") {
    return unknownField(field, issue.message.split(", "));
  }
  const entry = issue.type === "strict_object" ? schema.entries[field] : undefined;
  const expected = entry === undefined ? issue.message : expectedOf(entry);
  const isMissing = entry !== undefined || issue.input === undefined;
  const message = isMissing
    ? `${field} is missing: it must be ${expected}`
    : `${field} must be ${expected}${received(issue, field)}`;
  return problem(message, { field, expected });
}

/** What a field wants, in the words of its own schema. */
function expectedOf(entry: v.ObjectEntries[string]): string {
  const result = v.safeParse(entry as v.GenericSchema, undefined);
  return result.issues?.[0].message ?? "given";
}

/** `command[0]`, `env.FOO`. */
function fieldOf(path: v.BaseIssue<unknown>["path"]): string {
  let field = "";
  for (const { key } of path ?? []) {
    if (typeof key === "number") field += `[${key}]`;
    else field += field === "" ? brief(String(key)) : `.${brief(String(key))}`;
  }
  return field;
}

/** `, not` and the kind of a value that has the wrong one, or else the value. */
function received({ kind, input }: v.BaseIssue<unknown>, field: string): string {
  const isSecret = /^(inherit_)?env\./.test(field);
  if (isSecret && typeof input === "string") return "";
  if (isSecret || kind === "schema" || typeof input === "object") return `, not ${kindOf(input)}`;
  return `, not ${brief(JSON.stringify(input))}`;
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

function brief(text: string): string {
  return text.length <= 100 ? text : `${text.slice(0, 100)}…`;
}

function problem(message: string, where: { field: string; expected: string }): Problem {
  return new Problem("bad_request", message, where);
}
