// GET /healthz: whether this daemon is alive, and nothing about its sessions.

import type { HealthReply } from "../../api/replies.ts";
import type { Exchange } from "../exchange.ts";
import { time } from "../present.ts";
import { Query } from "../query.ts";
import { json } from "../reply.ts";

export function getHealth({ query }: Exchange): Response {
  new Query(query, []);
  return json({ ok: true, service: "korun", time: time(Date.now()) } satisfies HealthReply);
}
