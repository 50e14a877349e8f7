import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import * as v from "valibot";
import { PortListReply, StatsReply } from "../../src/api/stats.ts";
import type { SessionSpec } from "../../src/domain/session.ts";
import { NOTHING_MORE } from "../../src/domain/session.ts";
import type { PortListener } from "../../src/process/ports.ts";
import { UNMARKED } from "../../src/process/process-info.ts";
import { LOG_START } from "./support/directory.ts";
import { errorOf, startTestServer, type TestServer } from "./support/server.ts";

let server: TestServer;

beforeEach(async () => {
  server = await startTestServer();
});

afterEach(async () => {
  await server[Symbol.asyncDispose]();
});

function get(path: string): Promise<Response> {
  return fetch(`${server.url}${path}`);
}

function listener(facts: Partial<PortListener>): PortListener {
  return {
    ...{ address: "127.0.0.1", port: 3_000, inode: 1, uid: process.geteuid?.() ?? 0 },
    ...{ pid: 10, startTime: 1, name: "node" },
    ...facts,
  };
}

/** A session that waits for a port. */
function wanting(port: number, name?: string) {
  const spec: SessionSpec = {
    ...NOTHING_MORE,
    ...{ command: ["server"], cwd: "/", name, watch: [], ignore: [], env: {} },
    ...{ inherited: undefined, graceMs: 1, debounceMs: 1 },
    ready: [{ check: { kind: "port", port }, timeoutMs: 1 }],
  };
  return server.directory.create(spec);
}

describe("the stats of a session", () => {
  test("are what its processes use, where they listen, and what was", async () => {
    const session = await server.session();
    session.facts = { state: "running", run: 3, uptimeMs: 61_000.4 };
    const member = {
      ...{ pid: 10, startTime: 1, parent: 1, group: 10, stopped: false, name: "node" },
      ...{ mark: UNMARKED, cpuMs: 1, reapedCpuMs: 0, rssBytes: 1 },
    };
    server.machine.usage = {
      ...{ processes: 1, rssBytes: 4_096, cpuMs: 1_234.5, cpuPercent: 12.3 },
      members: [member],
    };
    const sight = { time: LOG_START, cpuPercent: 1.5, rssBytes: 2_048, processes: 2 };
    server.machine.history = [sight];
    server.machine.all = [listener({}), listener({ port: 4_000, pid: 11 })];
    const reply = await (await get(`/v1/sessions/${session.id}/stats`)).json();
    expect(v.parse(StatsReply, reply)).toEqual({
      session_id: session.id,
      name: null,
      state: "running",
      run: 3,
      uptime_ms: 61_000,
      processes: 1,
      cpu_percent: 12.3,
      cpu_ms: 1_235,
      rss_bytes: 4_096,
      ports: [{ port: 3_000, address: "127.0.0.1", pid: 10, name: "node" }],
      history: [
        { ts: "2026-03-16T12:00:00.000Z", cpu_percent: 1.5, rss_bytes: 2_048, processes: 2 },
      ],
    });
  });

  test("of an unknown session are a 404", async () => {
    const response = await get("/v1/sessions/nobody/stats");
    expect(response.status).toBe(404);
    expect(await errorOf(response)).toMatchObject({ code: "not_found" });
  });
});

describe("ports", () => {
  test("are listed with whose they are: a session's, a stranger's, or another user's", async () => {
    const session = await wanting(3_000, "web");
    server.machine.members.set(10, session.id);
    server.machine.all = [
      listener({}),
      listener({ port: 5_000, pid: 99, name: "python" }),
      listener({ port: 6_000, uid: 54_321, pid: undefined, name: undefined }),
    ];
    const reply = v.parse(PortListReply, await (await get("/v1/ports")).json());
    expect(reply.ports).toMatchObject([
      { port: 3_000, pid: 10, session: { id: session.id, name: "web" }, wanted_by: [] },
      { port: 5_000, pid: 99, name: "python", session: null, wanted_by: [] },
      { port: 6_000, pid: null, name: null, user: "uid 54321", session: null, wanted_by: [] },
    ]);
  });

  test("that a session wants and somebody else holds say so", async () => {
    const session = await wanting(3_000, "web");
    const other = await wanting(4_000);
    server.machine.members.set(20, other.id);
    server.machine.all = [listener({ pid: 20 }), listener({ port: 4_000, pid: 20 })];
    const reply = v.parse(PortListReply, await (await get("/v1/ports")).json());
    expect(reply.ports.map(({ wanted_by }) => wanted_by)).toEqual([
      [{ id: session.id, name: "web" }],
      [],
    ]);
  });

  test("are not wanted by a session at rest whose name a later one has", async () => {
    const former = await wanting(3_000, "web");
    former.facts = {
      ...{ state: "exited", lastEnd: { kind: "exit" } },
      exit: { code: 1, signal: null },
    };
    const wants = async () => {
      const reply = v.parse(PortListReply, await (await get("/v1/ports")).json());
      return reply.ports[0]?.wanted_by.map(({ id }) => id);
    };
    server.machine.all = [listener({ pid: 10 })];
    expect(await wants()).toEqual([former.id]);
    const later = await wanting(3_000, "web");
    server.machine.members.set(10, later.id);
    expect(await wants()).toEqual([]);
  });

  test("can be asked for one by one", async () => {
    server.machine.all = [listener({}), listener({ port: 5_000 })];
    const reply = v.parse(PortListReply, await (await get("/v1/ports?port=5000")).json());
    expect(reply.ports.map(({ port }) => port)).toEqual([5_000]);
  });

  test.each(["0", "65536", "99999", "http", "-1"])(
    "port=%s is a 400 that says so",
    async (port) => {
      const response = await get(`/v1/ports?port=${port}`);
      expect(response.status).toBe(400);
      expect(await errorOf(response)).toMatchObject({ code: "bad_request", field: "port" });
    },
  );
});
