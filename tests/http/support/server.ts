// A real server on a free port and a socket of its own, over a directory without processes.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DaemonReply, ErrorReply } from "../../../src/api/daemon-replies.ts";
import { NOTHING_MORE } from "../../../src/domain/session.ts";
import { type HttpServer, startServer } from "../../../src/http/server.ts";
import { FakeCursors } from "./cursors.ts";
import { FakeDirectory, type FakeSession } from "./directory.ts";
import { FakeHistory } from "./history.ts";
import { FakeMachine } from "./machine.ts";

export const DAEMON_REPLY: DaemonReply = {
  service: "korun",
  version: "1.2.3",
  pid: 42,
  started_at: "2026-03-16T12:00:00.000Z",
  uptime_ms: 1_000,
  sessions_created: 3,
  sessions_running: 1,
  sessions_known: 2,
  port: 7777,
  socket: "/home/me/korun.sock",
  home: "/home/me",
  log: "/home/me/daemon.log",
  problem: null,
};

export interface TestServer extends AsyncDisposable {
  readonly port: number;
  readonly url: string;
  readonly socket: string;
  readonly directory: FakeDirectory;
  readonly history: FakeHistory;
  readonly machine: FakeMachine;
  readonly http: HttpServer;
  /** What was reported as a defect of korun. */
  readonly defects: unknown[];
  /** How often the daemon was asked to stop. */
  stopsRequested(): number;
  /** Makes a session that prints nothing yet. */
  session(): Promise<FakeSession>;
}

export async function startTestServer(): Promise<TestServer> {
  const folder = mkdtempSync(join(tmpdir(), "korun-http-"));
  const socket = join(folder, "korun.sock");
  const directory = new FakeDirectory();
  const history = new FakeHistory();
  const cursors = new FakeCursors();
  const machine = new FakeMachine();
  const defects: unknown[] = [];
  let stops = 0;
  const http = await startServer({
    registry: directory,
    history,
    cursors,
    usage: machine,
    machine,
    daemon: () => DAEMON_REPLY,
    requestStop: () => {
      stops += 1;
    },
    requestUpgrade: async () => "1.2.4",
    port: 0,
    socketPath: socket,
    version: "1.2.3",
    onDefect: (thrown) => defects.push(thrown),
  });
  return {
    port: http.port,
    url: `http://127.0.0.1:${http.port}`,
    socket,
    directory,
    history,
    machine,
    http,
    defects,
    stopsRequested: () => stops,
    session: () => directory.create(spec()),
    async [Symbol.asyncDispose]() {
      await http.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The envelope of an error, checked to be one. */
export async function errorOf(response: Response): Promise<ErrorReply["error"]> {
  const type = response.headers.get("content-type");
  if (type !== "application/json") throw new Error(`an error came as ${type}`);
  const { error } = (await response.json()) as ErrorReply;
  return error;
}

function spec() {
  return {
    ...NOTHING_MORE,
    command: ["server"],
    cwd: "/",
    name: undefined,
    watch: [],
    ignore: [],
    env: {},
    inherited: undefined,
    graceMs: 2_000,
    debounceMs: 250,
  } as const;
}
