// Answers: JSON, text, and the envelope that every error has. The one place where a Problem's code
// becomes an HTTP status.

import type { ErrorReply } from "../api/daemon-replies.ts";
import { Problem, type ProblemCode } from "../domain/problem.ts";

const STATUS: Readonly<Record<ProblemCode, number>> = {
  bad_request: 400,
  not_executable: 400,
  command_not_found: 400,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  payload_too_large: 413,
  internal: 500,
  unavailable: 503,
};

export const JSON_TYPE = "application/json";
export const NDJSON_TYPE = "application/x-ndjson";
export const FRAMES_TYPE = "application/x-korun-frames";
export const SSE_TYPE = "text/event-stream";
export const TEXT_TYPE = "text/plain; charset=utf-8";

/** Headers of a body of this type; what a child prints must never be taken for a page. */
export function contentHeaders(type: string): Record<string, string> {
  return { "content-type": type, "x-content-type-options": "nosniff" };
}

/** More than a connection is sure to take at once. */
const LONG = 16_384;

const longAnswers = new WeakSet<Response>();

/** Whether an answer may be under way for as long as its reader takes. */
export function isLong(response: Response): boolean {
  return longAnswers.has(response);
}

/** The same answer, known to be so long, in bytes or characters. */
export function sized(response: Response, length: number): Response {
  if (length > LONG) longAnswers.add(response);
  return response;
}

/** A JSON body, with a newline so that it reads well in a terminal. */
export function json(body: object, status = 200): Response {
  const content = `${JSON.stringify(body)}\n`;
  const response = new Response(content, { status, headers: contentHeaders(JSON_TYPE) });
  return sized(response, content.length);
}

/** A plain text body. */
export function text(body: Uint8Array): Response {
  const headers = contentHeaders(TEXT_TYPE);
  return sized(new Response(body as Uint8Array<ArrayBuffer>, { headers }), body.length);
}

/** The envelope of anything thrown; what is no Problem is a defect, and says nothing of itself. */
export function failure(thrown: unknown): Response {
  const problem =
    thrown instanceof Problem
      ? thrown
      : new Problem("internal", "korun failed at this request", {
          hint: "See what `korun daemon logs` says, and report it.",
        });
  const response = json(envelope(problem), STATUS[problem.code]);
  if (problem.allow !== undefined) response.headers.set("allow", problem.allow.join(", "));
  return response;
}

function envelope(problem: Problem): ErrorReply {
  const { code, message, field, expected, hint, differences, written } = problem;
  return {
    error: {
      code,
      message,
      ...(field === undefined ? {} : { field }),
      ...(expected === undefined ? {} : { expected }),
      ...(hint === undefined ? {} : { hint }),
      ...(differences === undefined ? {} : { differences }),
      ...(written === undefined ? {} : { written }),
    },
  };
}
