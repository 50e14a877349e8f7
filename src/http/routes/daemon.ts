// /v1/daemon: what the daemon says of itself, and the way to end it.

import { DAEMON, DAEMON_STOP } from "../../api/paths.ts";
import type { DaemonReply } from "../../api/replies.ts";
import { expectNoBody } from "../body.ts";
import { Query } from "../query.ts";
import { json } from "../reply.ts";
import type { Routes } from "../router.ts";

/** What these routes need of the daemon. */
export interface DaemonControl {
  daemon(): DaemonReply;
  /** Begins a normal stop, and returns at once. */
  requestStop(): void;
}

export function daemonRoutes(control: DaemonControl): Routes {
  return {
    [DAEMON]: {
      GET({ query }) {
        new Query(query, []);
        return json(control.daemon());
      },
    },
    [DAEMON_STOP]: {
      async POST({ query, request }) {
        new Query(query, []);
        await expectNoBody(request);
        control.requestStop();
        return json({ ok: true }, 202);
      },
    },
  };
}
