// GET /v1/ports: who listens on this machine, sessions and strangers alike.

import { PORTS } from "../../api/paths.ts";
import { PortQuery } from "../../api/queries.ts";
import type { PortListReply } from "../../api/stats.ts";
import type { SessionDirectory } from "../ports.ts";
import { portReplies } from "../present/ports.ts";
import { readQuery } from "../query.ts";
import { json } from "../reply.ts";
import type { Routes } from "../router.ts";
import type { ListenerSource, UsageSource } from "./stats.ts";

export function portRoutes(
  directory: SessionDirectory,
  { usage, machine }: { readonly usage: UsageSource; readonly machine: ListenerSource },
): Routes {
  return {
    [PORTS]: {
      async GET({ query }) {
        const { port } = readQuery(query, PortQuery);
        const found = port === undefined ? machine.listeners() : machine.findListeners(port);
        const listeners = await found;
        // Asked for afterwards: whoever listens is then known to whom it belongs.
        const membership = await usage.membership();
        const sessions = directory.list().map((session) => session.snapshot());
        const ports = portReplies(listeners, { sessions, membership });
        return json({ ports } satisfies PortListReply);
      },
    },
  };
}
