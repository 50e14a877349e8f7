// POST /v1/sessions/{id}/input and …/resize: writing to a session's stdin or typing into its
// terminal, and the size of that.

import {
  DEFAULT_INPUT_TIMEOUT_MS,
  InputQuery,
  type InputReply,
  type ResizeReply,
  ResizeTerminal,
  SendInput,
} from "../../api/input.ts";
import { SESSIONS } from "../../api/paths.ts";
import { NoQuery } from "../../api/queries.ts";
import type { SessionInput } from "../../domain/input.ts";
import { Problem } from "../../domain/problem.ts";
import { readJson } from "../body.ts";
import { checkBody } from "../check.ts";
import type { Exchange } from "../exchange.ts";
import type { SessionDirectory, SupervisedSession } from "../ports.ts";
import { readQuery } from "../query.ts";
import { json } from "../reply.ts";
import type { Routes } from "../router.ts";

export function inputRoutes(directory: SessionDirectory): Routes {
  return {
    [`${SESSIONS}/{id}/input`]: { POST: (exchange) => sendInput(directory, exchange) },
    [`${SESSIONS}/{id}/resize`]: { POST: (exchange) => resizeTerminal(directory, exchange) },
  };
}

async function sendInput(directory: SessionDirectory, exchange: Exchange): Promise<Response> {
  const query = readQuery(exchange.query, InputQuery);
  const body = checkBody(SendInput, await readJson(exchange.request));
  requireSomething(body);
  const session = directory.find(exchange.reference);
  const input = inputOf(session);
  requireLive(session);
  let nextSeq = 0;
  const writing = input.write(bytesOf(body, input.kind), {
    timeoutMs: body.timeout ?? query.timeout ?? DEFAULT_INPUT_TIMEOUT_MS,
    end: body.eof,
    onTurn: () => {
      nextSeq = nextSeqOf(session);
    },
  });
  const { written } = await exchange.wait(writing);
  const { id } = session;
  return json({ ok: true, id, written, next_seq: nextSeq } satisfies InputReply);
}

async function resizeTerminal(directory: SessionDirectory, exchange: Exchange): Promise<Response> {
  readQuery(exchange.query, NoQuery);
  const { cols, rows } = checkBody(ResizeTerminal, await readJson(exchange.request));
  const session = directory.find(exchange.reference);
  if (session.input?.kind !== "terminal") {
    throw new Problem("conflict", `Session ${labelOf(session)} runs in no terminal`, {
      hint: "Start it in one: korun serve --pty -- COMMAND",
    });
  }
  session.input.resize({ cols, rows });
  return json({ ok: true, id: session.id, cols, rows } satisfies ResizeReply);
}

function requireSomething({ text, base64, enter, eof }: SendInput): void {
  if (text !== undefined && base64 !== undefined) {
    throw new Problem("bad_request", "text and base64 are both given: they are one input", {
      field: "base64",
      expected: "either text or base64",
    });
  }
  if (text !== undefined || base64 !== undefined || enter || eof) return;
  throw new Problem("bad_request", "There is nothing to send: the body has none of its fields", {
    field: "text",
    expected: "text, base64, enter or eof",
  });
}

function inputOf(session: SupervisedSession): SessionInput {
  if (session.input !== undefined) return session.input;
  throw new Problem("conflict", `Session ${labelOf(session)} takes no input: it has no stdin`, {
    hint: "Start it with one: korun serve --stdin pipe -- COMMAND, or in a terminal: --pty",
  });
}

function requireLive(session: SupervisedSession): void {
  const { state } = session.snapshot();
  if (state !== "exited" && state !== "failed") return;
  const label = labelOf(session);
  throw new Problem("conflict", `Session ${label} takes no input: it is ${state}`, {
    hint: `Start it again with: korun restart ${label}`,
  });
}

function bytesOf({ text, base64, enter }: SendInput, kind: SessionInput["kind"]): Uint8Array {
  const bytes = base64 === undefined ? Buffer.from(text ?? "") : Buffer.from(base64, "base64");
  // What the Enter key of a terminal sends; by itself it makes a newline of it.
  return enter ? Buffer.concat([bytes, Buffer.from(kind === "terminal" ? "\r" : "\n")]) : bytes;
}

function nextSeqOf({ log }: SupervisedSession): number {
  return log.page({ stream: "blended", limit: 0, from: "newest" }).nextSeq;
}

function labelOf(session: SupervisedSession): string {
  return session.snapshot().spec.name ?? session.id;
}
