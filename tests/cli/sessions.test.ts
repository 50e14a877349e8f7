// inspect, stop, restart, rm: which session is meant, and what is said of what was done.

import { describe, expect, test } from "bun:test";
import { korun } from "./support/cli.ts";
import { type Answers, always, FakeDaemon, refusal, session } from "./support/fake-daemon.ts";

const web = session();
const api = session({ id: "b625f70f-7339-4fc8-93c2-db7037259565", name: "api" });
const old = session({
  id: "007353ec-7339-4fc8-93c2-db7037259565",
  name: null,
  state: "exited",
  exit_code: 0,
  uptime_ms: null,
  pid: null,
});

function list(...sessions: object[]): Answers {
  return { "GET /v1/sessions": always({ sessions }) };
}

function done(id: string, state = "exited") {
  return always({ ok: true, id, state });
}

describe("without an id", () => {
  test("the only active session is meant", async () => {
    await using daemon = new FakeDaemon({
      ...list(old, web),
      [`GET /v1/sessions/${web.id}`]: always(web),
    });
    const { code, stdout } = await korun(daemon, ["inspect"]);
    expect(code).toBe(0);
    expect(stdout).toContain(web.id);
  });

  test.each([
    ["none is active", [old], "korun: no active session\n  Say which one: `korun ls`"],
    ["there is none", [], "korun: no active session\n  Start one: korun serve -- COMMAND"],
    [
      "several are",
      [web, old, api],
      "korun: 2 sessions are active\n  Say which one: web (9b2d6c33), api (b625f70f). Or all of them: --all.",
    ],
  ])("it is an error when %s", async (_, sessions, message) => {
    await using daemon = new FakeDaemon(list(...sessions));
    const { code, stderr } = await korun(daemon, ["stop"]);
    expect(code).toBe(1);
    expect(stderr).toContain(message);
  });
});

test("inspect shows a session in lines, or the daemon's own body", async () => {
  await using daemon = new FakeDaemon({ "GET /v1/sessions/web": always(web) });
  const { stdout } = await korun(daemon, ["inspect", "web"]);
  expect(stdout).toContain("command  cargo run\n");
  expect(JSON.parse((await korun(daemon, ["inspect", "web", "--json"])).stdout)).toEqual(web);
});

test("a reference is sent as it is, whatever characters it has", async () => {
  await using daemon = new FakeDaemon({});
  await korun(daemon, ["inspect", "a/b?c d"]);
  expect(daemon.lines).toEqual(["GET /v1/sessions/a%2Fb%3Fc%20d"]);
});

test("without a daemon a session cannot be found", async () => {
  await using daemon = new FakeDaemon();
  const { code, stderr } = await korun(daemon, ["stop", "web"]);
  expect(code).toBe(1);
  expect(stderr).toStartWith("korun: no daemon is running\n  `korun serve -- COMMAND` starts one");
});

test("stop and restart wait until it is done, unless told not to", async () => {
  await using daemon = new FakeDaemon({
    "POST /v1/sessions/web/stop": done(web.id),
    "POST /v1/sessions/web/restart": done(web.id, "running"),
  });
  expect((await korun(daemon, ["stop", "web"])).stdout).toBe("web stopped\n");
  expect((await korun(daemon, ["stop", "web", "--no-wait"])).stdout).toBe("web is stopping\n");
  expect((await korun(daemon, ["stop", "web", "--force"])).stdout).toBe("web stopped\n");
  expect((await korun(daemon, ["restart", "web"])).stdout).toBe("web restarted\n");
  expect((await korun(daemon, ["restart", "--no-wait", "web"])).stdout).toBe("web is restarting\n");
  expect(daemon.lines).toEqual([
    "POST /v1/sessions/web/stop?wait=1",
    "POST /v1/sessions/web/stop",
    "POST /v1/sessions/web/stop?wait=1&force=1",
    "POST /v1/sessions/web/restart?wait=1",
    "POST /v1/sessions/web/restart",
  ]);
});

test("a stop that a restart overtakes is no success, as it runs again", async () => {
  await using daemon = new FakeDaemon({ "POST /v1/sessions/web/stop": done(web.id, "running") });
  expect(await korun(daemon, ["stop", "web"])).toEqual({
    code: 1,
    stdout: "",
    stderr: "korun: web: it was stopped, and runs again since somebody restarted it meanwhile\n",
  });
});

test("to stop what is at rest is no failure", async () => {
  await using daemon = new FakeDaemon({
    "POST /v1/sessions/0073/stop": () => refusal(409, "conflict", "it is exited already"),
    "GET /v1/sessions/0073": always(old),
  });
  const human = await korun(daemon, ["stop", "0073"]);
  expect(human).toEqual({ code: 0, stdout: "0073 was not running\n", stderr: "" });
  const json = await korun(daemon, ["stop", "0073", "--json"]);
  expect(JSON.parse(json.stdout)).toEqual({ ok: true, id: old.id, state: "exited" });
});

test("a prefix of several sessions stops none of them", async () => {
  const ambiguous = () => refusal(409, "conflict", "9b2d is the beginning of 2 session ids");
  await using daemon = new FakeDaemon({
    "POST /v1/sessions/9b2d/stop": ambiguous,
    "GET /v1/sessions/9b2d": ambiguous,
  });
  const { code, stderr } = await korun(daemon, ["stop", "9b2d"]);
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: "korun: 9b2d is the beginning of 2 session ids\n",
  });
});

test("several sessions are each done, told in order, and one that fails makes it 1", async () => {
  const answered = Promise.withResolvers<void>();
  await using daemon = new FakeDaemon({
    "POST /v1/sessions/web/stop": async (...asked) => {
      // Only side by side can the last be answered first.
      await answered.promise;
      return done(web.id)(...asked);
    },
    "POST /v1/sessions/nope/stop": () => refusal(404, "not_found", "no session nope"),
    "POST /v1/sessions/api/stop": (...asked) => {
      answered.resolve();
      return done(api.id)(...asked);
    },
  });
  expect(await korun(daemon, ["stop", "web", "nope", "api"])).toEqual({
    code: 1,
    stdout: "web stopped\napi stopped\n",
    stderr: "korun: no session nope\n",
  });
});

test("stop --all is for all, and is silent about those at rest", async () => {
  await using daemon = new FakeDaemon({
    ...list(web, old),
    [`POST /v1/sessions/${web.id}/stop`]: done(web.id),
    [`POST /v1/sessions/${old.id}/stop`]: () => refusal(409, "conflict", "it is exited already"),
    [`GET /v1/sessions/${old.id}`]: always(old),
  });
  expect(await korun(daemon, ["stop", "--all"])).toEqual({
    code: 0,
    stdout: "web stopped\n",
    stderr: "",
  });
});

test("stop --all and rm --all are done with those that are forgotten meanwhile", async () => {
  const gone = () => refusal(404, "not_found", "No session is called that");
  await using daemon = new FakeDaemon({
    ...list(web, old),
    [`POST /v1/sessions/${web.id}/stop`]: gone,
    [`POST /v1/sessions/${old.id}/stop`]: gone,
    [`DELETE /v1/sessions/${old.id}`]: gone,
    [`POST /v1/sessions/${web.id}/restart`]: gone,
  });
  const silent = { code: 0, stdout: "", stderr: "" };
  expect(await korun(daemon, ["stop", "--all"])).toEqual(silent);
  expect(await korun(daemon, ["rm", "--all"])).toEqual(silent);
  expect(await korun(daemon, ["restart", "--all"])).toMatchObject({ code: 1 });
  expect(await korun(daemon, ["stop", web.id])).toMatchObject({ code: 1 });
});

test("restart --all is for those that are active, rm --all for those at rest", async () => {
  await using daemon = new FakeDaemon({
    ...list(web, old),
    [`POST /v1/sessions/${web.id}/restart`]: done(web.id, "running"),
    [`DELETE /v1/sessions/${old.id}`]: done(old.id),
  });
  expect((await korun(daemon, ["restart", "--all"])).stdout).toBe("web restarted\n");
  expect((await korun(daemon, ["rm", "--all"])).stdout).toBe("007353ec removed\n");
});

test.each(["stop", "restart", "rm"])("%s --all of nothing is done at once", async (command) => {
  await using daemon = new FakeDaemon(list());
  const { code, stderr } = await korun(daemon, [command, "--all"]);
  expect(code).toBe(0);
  expect(stderr).toStartWith("korun: no session to ");
  await using nobody = new FakeDaemon();
  expect((await korun(nobody, [command, "--all"])).code).toBe(0);
});

test("--json prints the daemon's own bodies, one a session", async () => {
  await using daemon = new FakeDaemon({
    "DELETE /v1/sessions/web": done(web.id),
    "DELETE /v1/sessions/api": done(api.id),
  });
  const { stdout } = await korun(daemon, ["rm", "web", "api", "--json"]);
  expect(
    stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).id),
  ).toEqual([web.id, api.id]);
});

test("a restart whose command cannot start again is a failure", async () => {
  const error = "ENOENT: no command cargo";
  await using daemon = new FakeDaemon({
    "POST /v1/sessions/web/restart": always({ ok: true, id: web.id, state: "failed", error }),
  });
  expect(await korun(daemon, ["restart", "web"])).toEqual({
    code: 1,
    stdout: "",
    stderr: `korun: web: cannot start again: ${error}\n`,
  });
});

test("those that are not named are told apart by their ids, where names do not", async () => {
  const twin = session({ ...old, id: "107353ec-7339-4fc8-93c2-db7037259565", name: "old" });
  const first = { ...old, name: "old" };
  await using daemon = new FakeDaemon({
    ...list(first, twin, { ...api, state: "exited" }),
    [`DELETE /v1/sessions/${first.id}`]: done(first.id),
    [`DELETE /v1/sessions/${twin.id}`]: done(twin.id),
    [`DELETE /v1/sessions/${api.id}`]: done(api.id),
  });
  const { stdout } = await korun(daemon, ["rm", "--all"]);
  expect(stdout).toBe("old (007353ec) removed\nold (107353ec) removed\napi removed\n");
});
