// Requests become typed here, once: a body is checked against its schema, and what does not fit is
// a Problem that names the field, what was wanted and what came. Values of environment variables
// are never repeated: they may be secrets.

import * as v from "valibot";
import { Problem } from "../domain/problem.ts";
import { brief } from "./brief.ts";

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
  throw faultOf(schema, innermost(result.issues[0]));
}

/**
 * Where several shapes are possible, the one that was nearly right says what is wrong inside; where
 * none was, that it is none of them.
 */
function innermost(issue: v.BaseIssue<unknown>): v.BaseIssue<unknown> {
  const inside = issue.type === "union" ? (issue.issues ?? []) : [];
  const nearest = inside.toSorted((one, other) => depthOf(one) - depthOf(other)).at(-1);
  if (nearest?.path === undefined) return issue;
  const path = [...(issue.path ?? []), ...nearest.path] as [v.IssuePathItem, ...v.IssuePathItem[]];
  return innermost({ ...nearest, path });
}

function depthOf({ path = [] }: { readonly path?: readonly unknown[] | undefined }): number {
  return path.length;
}

function unknownField(field: string, known: readonly string[]): Problem {
  return problem(`Unknown field ${field}: this takes ${known.join(", ")}`, {
    field,
    expected: `one of ${known.join(", ")}`,
  });
}

function faultOf(schema: ObjectSchema, issue: v.BaseIssue<unknown>): Problem {
  const list = issue.path?.findIndex(({ input, key }) => isListFor(input, key)) ?? -1;
  if (list > 0) return notAList(fieldOf(issue.path?.slice(0, list)));
  const field = fieldOf(issue.path);
  const isAboutKey = issue.path?.at(-1)?.origin === "key";
  if (isAboutKey && issue.expected === "never")
    return unknownField(field, issue.message.split(", "));
  const entry = isAboutKey ? schema.entries[field] : undefined;
  const expected = entry === undefined ? issue.message : expectedOf(entry);
  const isMissing = isAboutKey || issue.input === undefined;
  const message = isMissing
    ? `${field} is missing: it must be ${expected}`
    : `${field} must be ${expected}${received(issue, field)}`;
  return problem(message, { field, expected });
}

/** Valibot looks for the fields of an object in an array as well. */
function isListFor(container: unknown, key: unknown): boolean {
  return Array.isArray(container) && typeof key === "string";
}

function notAList(field: string): Problem {
  return problem(`${field} must be an object, not an array`, { field, expected: "an object" });
}

/** What a field wants, in the words of its own schema. */
function expectedOf(entry: v.ObjectEntries[string]): string {
  const result = v.safeParse(entry as v.GenericSchema, undefined);
  return result.issues?.[0].message ?? "given";
}

/** `command[0]`, `env.FOO`. */
function fieldOf(path: readonly v.IssuePathItem[] | undefined): string {
  let field = "";
  for (const { key } of path ?? []) {
    if (typeof key === "number") field += `[${key}]`;
    else field += field === "" ? brief(String(key)) : `.${brief(String(key))}`;
  }
  return field;
}

/** `, not` and the value; only its kind where that is what is wrong with it, or it is a secret. */
function received({ kind, type, input, path }: v.BaseIssue<unknown>, field: string): string {
  const value = path?.at(-1)?.value ?? input;
  const isSecret = /^(inherit_)?env\.|^base64$/.test(field);
  if (isSecret) return typeof value === "string" ? "" : `, not ${kindOf(value)}`;
  const isKind = kind === "schema" && type !== "union";
  if (isKind && typeof value === "object") return `, not ${kindOf(value)}`;
  return `, not ${typeof value === "number" ? value : brief(JSON.stringify(value))}`;
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

function problem(message: string, where: { field: string; expected: string }): Problem {
  return new Problem("bad_request", message, where);
}
