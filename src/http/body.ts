// Request bodies: at most 1 MiB is ever held, whatever a client declares or streams. The content
// type is not asked for, since `curl -d` sends a form's; the guard asks it of browsers.

import { MAX_BODY_BYTES } from "../api/paths.ts";
import { Problem } from "../domain/problem.ts";

/**
 * The body as JSON; `absent` when there is none.
 * Throws Problems `payload_too_large`, and `bad_request` for what is not UTF-8 or not JSON.
 */
export async function readJson(
  request: Request,
  { absent }: { readonly absent?: unknown } = {},
): Promise<unknown> {
  const bytes = await readBytes(request);
  if (bytes.length === 0) return absent;
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new Problem("bad_request", "The request body is not valid JSON", {
      expected: "a JSON object in UTF-8",
      cause,
    });
  }
}

/** For actions that take nothing: throws Problem `bad_request` unless the body is empty or `{}`. */
export async function expectNoBody(request: Request): Promise<void> {
  const body = await readJson(request);
  if (body === undefined || isEmptyObject(body)) return;
  throw new Problem("bad_request", "This takes no input, but the request has a body", {
    expected: "an empty body or {}",
  });
}

async function readBytes(request: Request): Promise<Uint8Array> {
  // Answered before anything is read. Bun goes on to discard what the client is still sending, so
  // that it gets to read the answer.
  if (Number(request.headers.get("content-length") ?? 0) > MAX_BODY_BYTES) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let length = 0;
  if (request.body === null) return new Uint8Array(0);
  for await (const chunk of request.body) {
    length += chunk.length;
    if (length > MAX_BODY_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

function tooLarge(): Problem {
  return new Problem("payload_too_large", "The request body is over 1 MiB", {
    expected: `at most ${MAX_BODY_BYTES} bytes`,
  });
}

function isEmptyObject(value: unknown): boolean {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    Object.keys(value).length === 0
  );
}
