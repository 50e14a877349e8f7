// GET /healthz: whether this daemon is alive, and nothing about its sessions.

import type { HealthReply } from "../../api/daemon-replies.ts";
import { NoQuery } from "../../api/queries.ts";
import type { Exchange } from "../exchange.ts";
import { time } from "../present/session.ts";
import { readQuery } from "../query.ts";
import { json } from "../reply.ts";

export function getHealth({ query }: Exchange): Response {
  readQuery(query, NoQuery);
  return json({ ok: true, service: "korun", time: time(Date.now()) } satisfies HealthReply);
}
