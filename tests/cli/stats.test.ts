import { expect, test } from "bun:test";
import type { PortReply, StatsReply } from "../../src/api/stats.ts";
import { waitFor } from "../support/wait.ts";
import { korun, onTerminal, start } from "./support/cli.ts";
import { always, FakeDaemon, refusal, session } from "./support/fake-daemon.ts";

const WEB = "9b2d6c33-0000-4000-8000-000000000000";
const API = "007353ec-7339-4fc8-93c2-db7037259565";

function stats(facts: Partial<StatsReply> = {}): StatsReply {
  return {
    ...{ session_id: WEB, name: "web", state: "running", run: 1, uptime_ms: 81_000 },
    ...{ processes: 3, cpu_percent: 12.34, cpu_ms: 9_800, rss_bytes: 157_286_400 },
    ports: [
      { port: 3_000, address: "127.0.0.1", pid: 7, name: "node" },
      { port: 3_000, address: "::1", pid: 7, name: "node" },
      { port: 9_229, address: "127.0.0.1", pid: 7, name: "node" },
    ],
    history: [],
    ...facts,
  };
}

const AT_REST = stats({
  ...{ session_id: API, name: null, state: "exited", uptime_ms: null },
  ...{ processes: 0, cpu_percent: 0, rss_bytes: 0, ports: [] },
});

const ANSWERS = {
  "GET /v1/sessions": always({
    sessions: [
      session({ id: WEB, name: "web", state: "running" }),
      session({ id: API, name: null, state: "exited" }),
    ],
  }),
  [`GET /v1/sessions/${WEB}/stats`]: always(stats()),
  "GET /v1/sessions/web/stats": always(stats()),
  "GET /v1/sessions/0073/stats": always(AT_REST),
};

const TITLES = "NAME  ID        STATE    UPTIME  CPU    CPU TIME  MEMORY   PROCESSES  PORTS";
const ROW = "web   9b2d6c33  running  1m 21s  12.3%  9s        150 MiB  3          3000 9229";

test("stats without a name shows the sessions that are active", async () => {
  await using daemon = new FakeDaemon(ANSWERS);
  const shown = await korun(daemon, ["stats"]);
  expect(shown).toEqual({ code: 0, stdout: `${TITLES}\n${ROW}\n`, stderr: "" });
});

test("stats shows those that are named, at rest too", async () => {
  await using daemon = new FakeDaemon(ANSWERS);
  const { code, stdout } = await korun(daemon, ["stats", "web", "0073"]);
  expect(code).toBe(0);
  expect(stdout.split("\n").slice(1, 3)).toEqual([
    ROW,
    "-     007353ec  exited   -       -      9s        -        0          -",
  ]);
});

test("stats --json is the daemon's own body, one a session", async () => {
  await using daemon = new FakeDaemon(ANSWERS);
  const { stdout } = await korun(daemon, ["stats", "--json", "web", "0073"]);
  expect(
    stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line)),
  ).toEqual([stats(), AT_REST]);
});

test("stats of an unknown session fails", async () => {
  const unknown = () => refusal(404, "not_found", "no session nobody");
  await using daemon = new FakeDaemon({ ...ANSWERS, "GET /v1/sessions/nobody/stats": unknown });
  const { code, stdout, stderr } = await korun(daemon, ["stats", "web", "nobody"]);
  expect({ code, stdout, stderr }).toEqual({
    code: 1,
    stdout: "",
    stderr: "korun: no session nobody\n",
  });
});

test("a session that goes away while all are looked at is left out", async () => {
  const gone = () => refusal(404, "not_found", "it has been removed");
  await using daemon = new FakeDaemon({ ...ANSWERS, [`GET /v1/sessions/${WEB}/stats`]: gone });
  const { code, stdout } = await korun(daemon, ["stats"]);
  expect({ code, lines: stdout.trimEnd().split("\n").length }).toEqual({ code: 0, lines: 1 });
});

test("stats -f into a pipe is a line for each look, with its time", async () => {
  await using daemon = new FakeDaemon(ANSWERS);
  const child = start(daemon, ["stats", "-f", "web"]);
  let shown = "";
  for await (const chunk of child.stdout) {
    shown += new TextDecoder().decode(chunk);
    if (shown.split("\n").length > 2) break;
  }
  child.kill("SIGINT");
  await child.exited;
  for (const line of shown.trimEnd().split("\n")) {
    expect(line).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z {2}web {2,}9b2d6c33 .*150 MiB/);
  }
});

test("stats -f on a terminal draws each look in the place of the last", async () => {
  let looks = 0;
  await using daemon = new FakeDaemon({
    ...ANSWERS,
    "GET /v1/sessions/web/stats": () => {
      looks += 1;
      if (looks < 3) return Response.json(stats({ processes: looks }));
      return refusal(400, "bad_request", "enough");
    },
  });
  const { shown } = await onTerminal(daemon, ["stats", "-f", "web"], { columns: 120 });
  expect(shown).toContain("\x1b[2A");
  expect(shown.match(/NAME/g)).toHaveLength(2);
  await waitFor("the looks", () => looks === 3);
});

function port(facts: Partial<PortReply>): PortReply {
  return {
    ...{ port: 3_000, address: "127.0.0.1", pid: 7, name: "node", user: "me" },
    ...{ session: null, wanted_by: [] },
    ...facts,
  };
}

const PORTS = {
  ports: [
    port({ session: { id: WEB, name: "web" } }),
    port({ port: 5_432, address: "::", pid: null, name: null, user: "postgres" }),
    port({ port: 8_080, name: "evil\x1b[2J", wanted_by: [{ id: API, name: null }] }),
  ],
};

test("ports are listed with whose they are, and who wants them in vain", async () => {
  await using daemon = new FakeDaemon({ "GET /v1/ports": always(PORTS) });
  expect(await korun(daemon, ["ports"])).toEqual({
    code: 0,
    stdout: `\
PORT  ADDRESS    PID  NAME         USER      SESSION  WANTED BY
3000  127.0.0.1  7    node         me        web      -
5432  ::         -    -            postgres  -        -
8080  127.0.0.1  7    evil\\x1b[2J  me        -        007353ec
`,
    stderr: "",
  });
});

test("ports can be asked for one by one, and as the daemon's own body", async () => {
  const text = '{ "ports": [] }\n';
  await using daemon = new FakeDaemon({ "GET /v1/ports?port=3000": always(text) });
  expect((await korun(daemon, ["ports", "--json", "3000"])).stdout).toBe(text);
});

test("a port that is none is a misuse", async () => {
  await using daemon = new FakeDaemon();
  const { code, stderr } = await korun(daemon, ["ports", "99999"]);
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: 'korun: PORT must be a port from 1 to 65535, not "99999"\n',
  });
});

test("without a daemon everyone who listens is a stranger", async () => {
  const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  await using daemon = new FakeDaemon();
  const { code, stdout } = await korun(daemon, ["ports", "--json", String(server.port)]);
  const reply = JSON.parse(stdout) as typeof PORTS;
  expect({ code, ports: reply.ports }).toMatchObject({
    code: 0,
    ports: [{ port: server.port, address: "127.0.0.1", pid: process.pid, session: null }],
  });
  server.stop();
});
