// The client as commands use it: of this process's environment, and telling on stderr when the
// daemon is of another version or on another port.

import type { Client } from "../client/client.ts";
import { connect, type Launch } from "../client/connect.ts";
import { VERSION } from "../client/version.ts";

/** `launch` says when a daemon is started because none answers. */
export function openClient(options: { readonly launch: Launch }): Client {
  return connect({
    ...options,
    env: process.env,
    onOtherVersion: tellVersions,
    // Whoever wants no daemon wants it at no port.
    ...(options.launch === "never" ? {} : { onOtherPort: tellPorts }),
  });
}

function tellVersions(theirs: string): void {
  const isOlder = Bun.semver.order(theirs, VERSION) < 0;
  const remedy = isOlder
    ? "`korun daemon upgrade` puts this one in its place, and no session stops"
    : "install that version, or end the daemon and its sessions with `korun daemon stop`";
  void import("./show/note.ts").then(({ note }) => {
    note.warn(`the daemon is ${theirs}, this is ${VERSION}: ${remedy}`);
  });
}

function tellPorts({ has, asked }: { readonly has: number; readonly asked: number }): void {
  void import("./show/note.ts").then(({ note }) => {
    note.warn(
      `the daemon of this home listens on ${has}, not on ${asked} (KORUN_PORT): ` +
        "`korun daemon stop` first, to have it there",
    );
  });
}
