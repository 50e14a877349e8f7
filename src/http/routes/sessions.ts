// /v1/sessions: make, list, show, restart, stop and forget sessions.

import { homedir } from "node:os";
import { SESSIONS, sessionPath } from "../../api/paths.ts";
import { CreateQuery, NoQuery, StopQuery, WaitQuery } from "../../api/queries.ts";
import type { ActionReply, CreatedReply, SessionListReply } from "../../api/replies.ts";
import { CreateSession, type CreateSessionBody } from "../../api/requests.ts";
import { NameTaken } from "../../domain/name-taken.ts";
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
import { differenceProblem } from "../differences.ts";
import type { Exchange } from "../exchange.ts";
import { requirePatterns } from "../patterns.ts";
import type { ActionOutcome, SessionDirectory, SupervisedSession } from "../ports.ts";
import { sessionReply, sessionSummary } from "../present/session.ts";
import { readQuery } from "../query.ts";
import { json } from "../reply.ts";
import { requestIdOf } from "../request-id.ts";
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
  readQuery(query, NoQuery);
  const sessions = directory.list().map((session) => sessionSummary(session.snapshot()));
  return json({ sessions } satisfies SessionListReply);
}

async function createSession(directory: SessionDirectory, exchange: Exchange): Promise<Response> {
  const { wait, paced } = readQuery(exchange.query, CreateQuery);
  const given = await readJson(exchange.request);
  const spec = specOf(checkBody(CreateSession, given), exchange);
  await requirePatterns((given as CreateSessionBody).ready);
  const how = { id: requestIdOf(exchange.request), paced };
  const { session, existing } = await exchange.wait(obtain(directory, spec, how));
  const first = wait ? await exchange.wait(session.created) : session.snapshot();
  const reply: CreatedReply = existing
    ? { ...createdReply(session.snapshot()), existing }
    : createdReply(first);
  const response = json(reply, existing ? 200 : 201);
  response.headers.set("location", sessionPath(session.id));
  return response;
}

interface Obtained {
  readonly session: SupervisedSession;
  /** It was there before. */
  readonly existing: boolean;
}

/** Makes a session, unless the one that has its name is just what was asked for. */
async function obtain(
  directory: SessionDirectory,
  spec: SessionSpec,
  how: { readonly id: string | undefined; readonly paced: boolean },
): Promise<Obtained> {
  try {
    return { session: await directory.create(spec, how), existing: false };
  } catch (thrown) {
    if (!(thrown instanceof NameTaken)) throw thrown;
    const problem = differenceProblem(thrown, spec);
    if (problem !== undefined) throw problem;
    return { session: directory.find(thrown.holder.id), existing: true };
  }
}

/** Once it is known whether the command could be started. */
function createdReply({ id, state, error }: SessionSnapshot): CreatedReply {
  return error === null ? { id, state } : { id, state, error };
}

function showSession(directory: SessionDirectory, { query, reference }: Exchange): Response {
  readQuery(query, NoQuery);
  return json(sessionReply(directory.find(reference).snapshot()));
}

async function forgetSession(directory: SessionDirectory, exchange: Exchange): Promise<Response> {
  readQuery(exchange.query, NoQuery);
  await expectNoBody(exchange.request);
  const session = directory.find(exchange.reference);
  const { state } = session.snapshot();
  await exchange.wait(directory.remove(session));
  return json({ ok: true, id: session.id, state } satisfies ActionReply);
}

async function restartSession(directory: SessionDirectory, exchange: Exchange): Promise<Response> {
  const { wait } = readQuery(exchange.query, WaitQuery);
  await expectNoBody(exchange.request);
  const session = directory.find(exchange.reference);
  return await actionReply(session.restart(), { id: session.id, wait, exchange, overtaken });
}

async function stopSession(directory: SessionDirectory, exchange: Exchange): Promise<Response> {
  const { wait, force } = readQuery(exchange.query, StopQuery);
  await expectNoBody(exchange.request);
  const session = directory.find(exchange.reference);
  return await actionReply(session.stop({ force }), { id: session.id, wait, exchange });
}

interface Action {
  readonly id: string;
  readonly wait: boolean;
  readonly exchange: Exchange;
  /** Why what came of it is not what was asked for. */
  readonly overtaken?: (ended: SessionSnapshot) => Problem | undefined;
}

async function actionReply(
  { state, done }: ActionOutcome,
  { id, wait, exchange, overtaken }: Action,
): Promise<Response> {
  if (!wait) return json({ ok: true, id, state } satisfies ActionReply);
  const ended = await exchange.wait(done);
  const problem = overtaken?.(ended);
  if (problem !== undefined) throw problem;
  const error = ended.error === null ? {} : { error: ended.error };
  return json({ ok: true, id, state: ended.state, ...error } satisfies ActionReply);
}

/**
 * A restart that a later stop ended at rest. No 503: a client takes that to the next daemon, and who
 * stopped this one came later.
 */
function overtaken({ id, spec, state, lost }: SessionSnapshot): Problem | undefined {
  if (state !== "exited") return undefined;
  const label = spec.name ?? id;
  const who = lost ? "the daemon was stopped" : "somebody stopped it";
  return new Problem("conflict", `Session ${label} does not run: ${who} during its restart`, {
    hint: lost
      ? "Start again all that ended with the daemon with: korun restart --lost"
      : `Start it again with: korun restart ${label}`,
  });
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
