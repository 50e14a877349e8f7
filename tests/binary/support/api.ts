// What the tests of the binary say to its HTTP API, over TCP as any program of the user's would.

import { expect } from "bun:test";
import type { ErrorReply } from "../../../src/api/daemon-replies.ts";
import type { LogReply } from "../../../src/api/log-replies.ts";
import type { SessionListReply, SessionReply } from "../../../src/api/replies.ts";
import type { Korun } from "../../support/korun.ts";
import { waitFor } from "../../support/wait.ts";

/** A `POST /v1/sessions` body. */
export type Wish = Readonly<Record<string, unknown>> & { readonly command: readonly string[] };

/** A command for the shell. */
export function shell(script: string): { readonly command: readonly string[] } {
  return { command: ["sh", "-c", script] };
}

/** Creates a session and waits until its command runs or could not be started; its id. */
export async function create(korun: Korun, wish: Wish): Promise<string> {
  const response = await send(korun, "POST", { path: "/v1/sessions?wait=1", body: wish });
  const text = await response.text();
  if (response.status !== 201) throw new Error(`${response.status}: ${text}`);
  return (JSON.parse(text) as { id: string }).id;
}

/** One request, with a JSON body if there is one. */
export function send(
  korun: Korun,
  method: string,
  { path, body }: { readonly path: string; readonly body?: unknown },
): Promise<Response> {
  return korun.fetch(path, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

/** `POST` on something a session can do, such as `stop?wait=1`; must succeed. */
export async function act(korun: Korun, id: string, action: string): Promise<{ state: string }> {
  const response = await send(korun, "POST", { path: `/v1/sessions/${id}/${action}` });
  const reply = (await response.json()) as { state: string };
  expect([action, response.status, reply]).toMatchObject([action, 200, { ok: true, id }]);
  return reply;
}

/** All that the daemon says of a session. */
export function inspect(korun: Korun, id: string): Promise<SessionReply> {
  return korun.json<SessionReply>(`/v1/sessions/${id}`);
}

/** Waits until a session is as wanted, and returns it. */
export function until(
  korun: Korun,
  id: string,
  wanted: (session: SessionReply) => boolean,
): Promise<SessionReply> {
  return waitFor("a session to be as wanted", async () => {
    const session = await inspect(korun, id);
    return wanted(session) ? session : undefined;
  });
}

/** Waits until the command has ended, and returns the session. */
export function untilExited(korun: Korun, id: string): Promise<SessionReply> {
  return until(korun, id, ({ state }) => state === "exited");
}

/** Waits until a session has printed a line that matches. */
export function untilPrinted(korun: Korun, id: string, line: RegExp): Promise<RegExpExecArray> {
  return waitFor(`${line} to be printed`, async () => {
    const { entries } = await page(korun, id, "limit=20000");
    return entries.map((entry) => line.exec(entry.line)).find((match) => match !== null);
  });
}

/** Entries of a session, by a query such as `stream=stderr&since_seq=7`. */
export function page(korun: Korun, id: string, query = ""): Promise<LogReply> {
  return korun.json<LogReply>(`/v1/sessions/${id}/logs?${query}`);
}

/** The bytes of one stream, or blended with prefixes. */
export async function textOf(korun: Korun, id: string, stream: string): Promise<Buffer> {
  const query = `format=text&limit=20000&stream=${stream}`;
  const response = await korun.fetch(`/v1/sessions/${id}/logs?${query}`);
  return Buffer.from(await response.arrayBuffer());
}

/** Ids in the order in which they are listed. */
export async function listedIds(korun: Korun): Promise<string[]> {
  const { sessions } = await korun.json<SessionListReply>("/v1/sessions");
  return sessions.map(({ id }) => id);
}

/** The envelope of an error answer, checked to be one and nothing else. */
export async function errorOf(response: Response): Promise<ErrorReply["error"]> {
  expect(response.headers.get("content-type")).toBe("application/json");
  const body = (await response.json()) as ErrorReply;
  expect(Object.keys(body)).toEqual(["error"]);
  const { error } = body;
  const { differences: _, ...words } = error;
  for (const [name, value] of Object.entries(words)) {
    expect(["code", "message", "field", "expected", "hint"]).toContain(name);
    expect([name, typeof value]).toEqual([name, "string"]);
  }
  return error;
}
