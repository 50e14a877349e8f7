// Holds real answers to the contract: their status, their type, and all of their body to the schema
// that the OpenAPI document is made of. A field that the contract does not know is a fault too.

import * as v from "valibot";
import { ErrorReply } from "../../src/api/daemon-replies.ts";
import type { Content, Endpoint } from "../../src/api/endpoint.ts";
import { ENDPOINTS } from "../../src/api/endpoints/all.ts";
import { refusalsOf } from "../../src/api/openapi.ts";

/** An answer that was read to its end. */
export interface ReadAnswer {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly status: number;
  readonly type: string | null;
  readonly text: string;
}

/** Throws unless the contract says that there can be such an answer. */
export function holdToContract(answer: ReadAnswer): void {
  const endpoint = endpointOf(answer);
  const { status, type, text } = answer;
  const what = `${answer.method} ${answer.path}: ${status} ${type}`;
  if (status >= 400) {
    const refusals = endpoint === undefined ? ["400", "403", "404", "405"] : statusesOf(endpoint);
    if (!refusals.includes(`${status}`)) throw new Error(`${what} is no refusal of it: ${text}`);
    check(ErrorReply, { what, text });
    return;
  }
  const declared = endpoint?.answers.find((one) => one.status === status);
  if (declared === undefined) throw new Error(`${what} is no answer that the contract knows`);
  const bare = type?.split(";")[0] ?? "";
  const content = declared.content.find((one) => one.type === bare);
  if (content === undefined) throw new Error(`${what} has a type that the contract does not know`);
  checkContent(content, { what, text });
}

/** The endpoint that a request is for. */
export function endpointOf(request: { method: string; path: string }): Endpoint | undefined {
  const method = request.method === "HEAD" ? "GET" : request.method;
  const segments = (request.path.split("?")[0] ?? "").split("/");
  return ENDPOINTS.find((endpoint) => {
    const pattern = endpoint.path.split("/");
    if (endpoint.method !== method || pattern.length !== segments.length) return false;
    return pattern.every((part, index) => part === "{id}" || part === segments[index]);
  });
}

function statusesOf(endpoint: Endpoint): string[] {
  return Object.keys(refusalsOf(endpoint));
}

interface Body {
  readonly what: string;
  readonly text: string;
}

function checkContent({ type, schema, item }: Content, { what, text }: Body): void {
  if (schema !== undefined) check(schema, { what, text });
  const values = item === undefined ? [] : valuesIn(type, text);
  for (const value of values) check(item ?? v.never(), { what, text: value });
}

/** The JSON values in a body of many. */
function valuesIn(type: string, text: string): string[] {
  if (type === "text/event-stream") {
    return [...text.matchAll(/^data: (.*)$/gm)].map((match) => match[1] ?? "");
  }
  if (type === "application/x-ndjson") return text.split("\n").filter((line) => line !== "");
  return text.split("\n").slice(0, 1);
}

function check(schema: v.GenericSchema, { what, text }: Body): void {
  const result = v.safeParse(schema, JSON.parse(text));
  if (result.success) return;
  const faults = result.issues.map((issue) => `${v.getDotPath(issue)}: ${issue.message}`);
  throw new Error(`${what} breaks its contract:\n  ${faults.join("\n  ")}\n${text}`);
}
