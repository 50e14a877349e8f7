// The client as commands use it: of this process's environment, and telling on stderr when the
// daemon is of another version.

import type { Client } from "../client/client.ts";
import { connect } from "../client/connect.ts";
import { VERSION } from "../client/version.ts";

/** With `launch`, a daemon is started when none answers. */
export function openClient(options: { readonly launch: boolean }): Client {
  return connect({ ...options, env: process.env, onOtherVersion: tellVersions });
}

function tellVersions(theirs: string): void {
  void import("./note.ts").then(({ note }) => {
    note.warn(
      `the daemon is ${theirs}, this is ${VERSION}: ` +
        "`korun daemon stop` ends it with its sessions, and the next command starts the new one",
    );
  });
}
