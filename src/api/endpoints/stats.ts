// The endpoints that tell what sessions use.

import { type Endpoint, ok } from "../endpoint.ts";
import { PORTS, SESSIONS } from "../paths.ts";
import { NoQuery, PortQuery } from "../queries.ts";
import { PortListReply, StatsReply } from "../stats.ts";

export const STATS_ENDPOINTS: readonly Endpoint[] = [
  {
    name: "getStats",
    method: "GET",
    path: `${SESSIONS}/{id}/stats`,
    about: "Shows what all processes of a session use now, and used lately.",
    query: NoQuery,
    answers: [ok(StatsReply, "Processor, memory, processes, ports.")],
  },
  {
    name: "listPorts",
    method: "GET",
    path: PORTS,
    about: "Lists who listens on this machine: sessions and strangers.",
    query: PortQuery,
    answers: [ok(PortListReply, "By port.")],
  },
];
