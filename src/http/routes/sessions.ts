// /v1/sessions: make, list, show, restart, stop and forget sessions.

import { homedir } from "node:os";
import { SESSIONS, sessionPath } from "../../api/paths.ts";
import type { ActionReply, CreatedReply, SessionListReply } from "../../api/replies.ts";
import { CreateSession } from "../../api/requests.ts";
import { Problem } from "../../domain/problem.ts";
import { NEVER_RESTART } from "../../domain/restart-policy.ts";
import {
  DEFAULT_DEBOUNCE_MS,
  DEFAULT_GRACE_MS,
  type InheritedContext,
  type SessionSnapshot,
  type SessionSpec,
} from "../../domain/session.ts";
import { expectNoBody, readJson } from "../body.ts";
import { checkBody } from "../check.ts";
import type { Exchange } from "../exchange.ts";
import type { ActionOutcome, SessionDirectory } from "../ports.ts";
import { sessionReply, sessionSummary } from "../present.ts";
import { Query } from "../query.ts";
import { json } from "../reply.ts";
import type { Routes } from "../router.ts";

export function sessionRoutes(directory: SessionDirectory): Routes {
  const one = `${SESSIONS}/{id}`;
  return {
    [SESSIONS]: {
      GET: (exchange) => listSessions(directory, exchange),
      POST: (exchange) => createSession(directory, exchange),
    },
    [one]: {
      GET: (exchange) => showSession(directory, exchange),
      DELETE: (exchange) => forgetSession(directory, exchange),
    },
    [`${one}/restart`]: { POST: (exchange) => restartSession(directory, exchange) },
    [`${one}/stop`]: { POST: (exchange) => stopSession(directory, exchange) },
  };
}

function listSessions(directory: SessionDirectory, { query }: Exchange): Response {
  new Query(query, []);
  const sessions = directory.list().map((session) => sessionSummary(session.snapshot()));
  return json({ sessions } satisfies SessionListReply);
}

async function createSession(directory: SessionDirectory, exchange: Exchange): Promise<Response> {
  const wait = new Query(exchange.query, ["wait"]).flag("wait");
  const spec = specOf(checkBody(CreateSession, await readJson(exchange.request)), exchange);
  const session = await exchange.wait(directory.create(spec));
  const { id } = session;
  const reply = wait
    ? createdReply(await exchange.wait(session.created))
    : { id, state: session.snapshot().state };
  const response = json(reply satisfies CreatedReply, 201);
  response.headers.set("location", sessionPath(id));
  return response;
}

/** Once it is known whether the command could be started. */
function createdReply({ id, state, error }: SessionSnapshot): CreatedReply {
  return error === null ? { id, state } : { id, state, error };
}

function showSession(directory: SessionDirectory, { query, reference }: Exchange): Response {
  new Query(query, []);
  return json(sessionReply(directory.find(reference).snapshot()));
}

async function forgetSession(directory: SessionDirectory, exchange: Exchange): Promise<Response> {
  new Query(exchange.query, []);
  await expectNoBody(exchange.request);
  const session = directory.find(exchange.reference);
  const { state } = session.snapshot();
  await exchange.wait(directory.remove(session));
  return json({ ok: true, id: session.id, state } satisfies ActionReply);
}

async function restartSession(directory: SessionDirectory, exchange: Exchange): Promise<Response> {
  const query = new Query(exchange.query, ["wait"]);
  const wait = query.flag("wait");
  await expectNoBody(exchange.request);
  const session = directory.find(exchange.reference);
  return await actionReply(session.restart(), { id: session.id, wait, exchange });
}

async function stopSession(directory: SessionDirectory, exchange: Exchange): Promise<Response> {
  const query = new Query(exchange.query, ["wait", "force"]);
  const wait = query.flag("wait");
  const force = query.flag("force");
  await expectNoBody(exchange.request);
  const session = directory.find(exchange.reference);
  return await actionReply(session.stop({ force }), { id: session.id, wait, exchange });
}

async function actionReply(
  { state, done }: ActionOutcome,
  { id, wait, exchange }: { id: string; wait: boolean; exchange: Exchange },
): Promise<Response> {
  if (!wait) return json({ ok: true, id, state } satisfies ActionReply);
  const ended = await exchange.wait(done);
  const error = ended.error === null ? {} : { error: ended.error };
  return json({ ok: true, id, state: ended.state, ...error } satisfies ActionReply);
}

function specOf(body: CreateSession, { transport }: Exchange): SessionSpec {
  return {
    command: body.command,
    cwd: body.cwd ?? homedir(),
    name: body.name,
    watch: body.watch,
    ignore: body.ignore,
    env: body.env,
    inherited: inheritedOf(body, transport),
    graceMs: body.grace ?? DEFAULT_GRACE_MS,
    debounceMs: body.debounce ?? DEFAULT_DEBOUNCE_MS,
    restart: body.restart ?? NEVER_RESTART,
    ready: body.ready,
    health: body.health,
    maxRssBytes: body.max_rss,
    maxRuntimeMs: body.max_runtime,
    stdin: body.stdin,
    pty: body.pty,
  };
}

/**
 * What the caller hands on. Whoever holds the TCP port would be told the caller's secrets, so no
 * client may get used to sending them there.
 */
function inheritedOf(
  body: CreateSession,
  transport: Exchange["transport"],
): InheritedContext | undefined {
  const fields = ["inherit_env", "inherit_umask", "inherit_open_files"] as const;
  const field = fields.find((name) => body[name] !== undefined);
  if (field === undefined) return undefined;
  if (transport === "tcp") {
    throw new Problem("bad_request", `${field} is taken over the Unix socket only`, {
      field,
      hint: "Set single variables in env, or send this request to the Unix socket.",
    });
  }
  if (body.inherit_env === undefined) {
    throw new Problem("bad_request", `${field} is taken together with inherit_env only`, {
      field: "inherit_env",
      expected: "an object of strings",
    });
  }
  return {
    env: body.inherit_env,
    umask: body.inherit_umask,
    openFiles: body.inherit_open_files,
  };
}
