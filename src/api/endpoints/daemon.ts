// The endpoints that are about the daemon itself.

import * as v from "valibot";
import { DaemonReply, HealthReply, StoppingReply, UpgradingReply } from "../daemon-replies.ts";
import { type Endpoint, json, ok } from "../endpoint.ts";
import { DAEMON, DAEMON_STOP, DAEMON_UPGRADE, HEALTH, OPENAPI } from "../paths.ts";
import { NoQuery } from "../queries.ts";
import { UpgradeDaemon } from "../requests.ts";

export const DAEMON_ENDPOINTS: readonly Endpoint[] = [
  {
    name: "getHealth",
    method: "GET",
    path: HEALTH,
    about: "Says that the daemon lives; nothing about its sessions.",
    query: NoQuery,
    answers: [ok(HealthReply, "It lives.")],
  },
  {
    name: "getDaemon",
    method: "GET",
    path: DAEMON,
    about: "Shows the daemon.",
    query: NoQuery,
    answers: [ok(DaemonReply, "What it says of itself.")],
  },
  {
    name: "stopDaemon",
    method: "POST",
    path: DAEMON_STOP,
    about: "Stops all sessions, then the daemon. Asked again, it kills what still runs.",
    query: NoQuery,
    answers: [{ status: 202, about: "It has begun to stop.", content: [json(StoppingReply)] }],
  },
  {
    name: "upgradeDaemon",
    method: "POST",
    path: DAEMON_UPGRADE,
    about: "Puts another executable in the daemon's place, while its sessions run on.",
    details: "Over the Unix socket only.",
    query: NoQuery,
    body: { schema: UpgradeDaemon, required: true },
    answers: [{ status: 202, about: "It has begun.", content: [json(UpgradingReply)] }],
    refusals: { 409: "The daemon runs in the foreground and cannot be replaced in place." },
  },
  {
    name: "getOpenApi",
    method: "GET",
    path: OPENAPI,
    about: "This document.",
    query: NoQuery,
    answers: [ok(v.looseObject({ openapi: v.string() }), "An OpenAPI 3.1 document.")],
  },
];
