import { expect, test } from "bun:test";
import { korun } from "./support/cli.ts";
import { always, FakeDaemon, session } from "./support/fake-daemon.ts";

const web = session();

function entry(seq: number, line: string, stream = "stdout", more: object = {}) {
  return { seq, ts: "2026-03-16T12:00:00.000Z", stream, line, run: 1, ...more };
}

function reply(entries: object[], facts: object = {}) {
  const body = { session_id: web.id, cursor: "default", entries, next_seq: 9 };
  return { ...body, dropped: 0, more: false, ...facts };
}

test("it shows what is new, until there is no more of it", async () => {
  const replies = [
    reply([entry(1, "one"), entry(2, "two", "stderr")], { more: true, dropped: 3 }),
    reply([entry(3, "three", "stdout", { partial: true })]),
  ];
  await using daemon = new FakeDaemon({
    "GET /v1/sessions/web/diff": () => Response.json(replies.shift()),
  });
  expect(await korun(daemon, ["diff", "web"])).toEqual({
    code: 0,
    stdout: "[korun] missed 3 lines\n[stdout] one\n[stderr] two\n[stdout] three\n",
    stderr: "",
  });
  expect(daemon.lines).toEqual(["GET /v1/sessions/web/diff", "GET /v1/sessions/web/diff"]);
});

test("a limit is one look, and that there are more lines is said", async () => {
  const body = reply([entry(1, "one")], { more: true });
  await using daemon = new FakeDaemon({ "GET /v1/sessions/web/diff": always(body) });
  const flags = ["--cursor", "agent-1", "-n1", "--no-ansi"];
  expect(await korun(daemon, ["diff", "web", ...flags])).toEqual({
    code: 0,
    stdout: "[stdout] one\n",
    stderr: "korun: there are more lines\n",
  });
  expect(daemon.lines).toEqual(["GET /v1/sessions/web/diff?cursor=agent-1&limit=1&ansi=0"]);
});

test("--json shows the API's own body", async () => {
  const body = reply([entry(1, "one")], { more: true });
  await using daemon = new FakeDaemon({ "GET /v1/sessions/web/diff": always(body) });
  const told = await korun(daemon, ["diff", "web", "--json"]);
  expect(told).toEqual({ code: 0, stdout: `${JSON.stringify(body)}\n`, stderr: "" });
});

test("a name that can be none is refused", async () => {
  await using daemon = new FakeDaemon({});
  expect((await korun(daemon, ["diff", "web", "--cursor", "a b"])).code).toBe(2);
});
