// /v1/daemon: what the daemon says of itself, and the way to end it.

import type { DaemonReply } from "../../api/daemon-replies.ts";
import { DAEMON, DAEMON_STOP, DAEMON_UPGRADE } from "../../api/paths.ts";
import { NoQuery } from "../../api/queries.ts";
import { UpgradeDaemon } from "../../api/requests.ts";
import { Problem } from "../../domain/problem.ts";
import { expectNoBody, readJson } from "../body.ts";
import { checkBody } from "../check.ts";
import { readQuery } from "../query.ts";
import { json } from "../reply.ts";
import type { Routes } from "../router.ts";

/** What these routes need of the daemon. */
export interface DaemonControl {
  daemon(): DaemonReply;
  /** Begins a normal stop, and returns at once. */
  requestStop(): void;
  /**
   * Begins to hand over to another executable, and resolves with its version. Throws a Problem for
   * one that cannot take over.
   */
  requestUpgrade(binary: string): Promise<string>;
}

export function daemonRoutes(control: DaemonControl): Routes {
  return {
    [DAEMON]: {
      GET({ query }) {
        readQuery(query, NoQuery);
        return json(control.daemon());
      },
    },
    [DAEMON_STOP]: {
      async POST({ query, request }) {
        readQuery(query, NoQuery);
        await expectNoBody(request);
        control.requestStop();
        return json({ ok: true }, 202);
      },
    },
    [DAEMON_UPGRADE]: {
      async POST({ query, request, transport }) {
        readQuery(query, NoQuery);
        requireUnix(transport);
        const { binary } = checkBody(UpgradeDaemon, await readJson(request));
        return json({ ok: true, version: await control.requestUpgrade(binary) }, 202);
      },
    },
  };
}

/** Which program the daemon becomes is for the user's own programs to say. */
function requireUnix(transport: "tcp" | "unix"): void {
  if (transport === "unix") return;
  throw new Problem("forbidden", "An upgrade is taken over the Unix socket only", {
    hint: "Use: korun daemon upgrade",
  });
}
