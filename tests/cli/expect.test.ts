import { describe, expect, test } from "bun:test";
import { korun } from "./support/cli.ts";
import { always, FakeDaemon, refusal, session } from "./support/fake-daemon.ts";

const web = session({ run: 3 });
const PATH = `/v1/sessions/${web.id}/expect`;
const common = { session_id: web.id, next_seq: 5, dropped: 0, elapsed_ms: 1 };
const matched = {
  outcome: "matched",
  seq: 4,
  run: 3,
  stream: "stdout",
  line: "listening on :3000",
  match: "listening",
  ...common,
};

function daemonWith(reply: object): FakeDaemon {
  return new FakeDaemon({ "GET /v1/sessions/web": always(web), [`GET ${PATH}`]: always(reply) });
}

test("it shows the line, having asked by the id and from the start of the newest run", async () => {
  await using daemon = daemonWith(matched);
  const told = await korun(daemon, ["expect", "web", "listening on", "--timeout", "5s"]);
  expect(told).toEqual({ code: 0, stdout: "listening on :3000\n", stderr: "" });
  expect(daemon.lines[1]).toMatch(/\?pattern=listening%20on&run=3&timeout=(4\d{3}|5000)$/);
});

test("flags say what is looked for, and where", async () => {
  await using daemon = daemonWith(matched);
  const flags = ["--regex", "--since", "12:4", "--stream", "stdout"];
  await korun(daemon, ["expect", "web", "a+b", ...flags]);
  expect(daemon.lines[1]).toStartWith(
    `GET ${PATH}?pattern=a%2Bb&regex=1&stream=stdout&since_seq=12&since_column=4&timeout=`,
  );
});

test("--json shows the API's own body", async () => {
  await using daemon = daemonWith(matched);
  const told = await korun(daemon, ["expect", "web", "x", "--json"]);
  expect(told.stdout).toBe(`${JSON.stringify(matched)}\n`);
});

describe("its exit code says", () => {
  test("that the time is over", async () => {
    await using daemon = daemonWith({ outcome: "timed_out", ...common });
    expect(await korun(daemon, ["expect", "web", "x", "--timeout", "1m"])).toEqual({
      code: 124,
      stdout: "",
      stderr: 'korun: web did not print "x" within 1m\n  See: korun logs web\n',
    });
  });

  test("that the session is, and that some lines could not be looked at", async () => {
    await using daemon = daemonWith({ outcome: "ended", ...common, dropped: 7 });
    expect(await korun(daemon, ["expect", "web", "x"])).toEqual({
      code: 3,
      stdout: "",
      stderr:
        'korun: web did not print "x" and has ended, and 7 lines were gone before\n  See: korun logs web\n',
    });
  });

  test("that there is no such session", async () => {
    const answer = () => refusal(404, "not_found", "no session nope");
    await using daemon = new FakeDaemon({ "GET /v1/sessions/nope": answer });
    const told = await korun(daemon, ["expect", "nope", "x"]);
    expect(told).toEqual({ code: 4, stdout: "", stderr: "korun: no session nope\n" });
  });

  test("that it was typed wrong", async () => {
    const answer = () => refusal(400, "bad_request", "pattern is no regular expression");
    await using daemon = new FakeDaemon({
      "GET /v1/sessions/web": always(web),
      [`GET ${PATH}`]: answer,
    });
    for (const args of [["web"], ["web", "("], ["web", "x", "--since", "soon"], ["", "x"]]) {
      expect((await korun(daemon, ["expect", ...args, "--regex"])).code).toBe(2);
    }
  });

  test("that a column is of one stream, in the words of the command line", async () => {
    await using daemon = new FakeDaemon({});
    const { code, stderr } = await korun(daemon, ["expect", "web", "x", "--since", "12:4"]);
    expect([code, daemon.lines]).toEqual([2, []]);
    expect(stderr).toContain("add --stream stdout or --stream stderr");
  });
});
