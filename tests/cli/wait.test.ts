import { describe, expect, test } from "bun:test";
import type { WaitReply } from "../../src/api/waiting.ts";
import { korun } from "./support/cli.ts";
import { type Answers, always, FakeDaemon, refusal, session } from "./support/fake-daemon.ts";

const WEB = "9b2d6c33-0000-4000-8000-000000000000";

function reply(facts: Partial<WaitReply> = {}): WaitReply {
  return {
    ...{ outcome: "reached", session_id: WEB, state: "running", ready: true, run: 1 },
    ...{ exit_code: null, term_signal: null, elapsed_ms: 7, waiting_for: [] },
    ...facts,
  };
}

function daemonThat(answers: Answers): FakeDaemon {
  return new FakeDaemon({
    "GET /v1/sessions": always({ sessions: [session({ id: WEB, name: "web" })] }),
    "GET /v1/sessions/web": always(session({ id: WEB, name: "web" })),
    [`GET /v1/sessions/${WEB}`]: always(session({ id: WEB, name: "web" })),
    ...answers,
  });
}

function answering(facts: Partial<WaitReply>): FakeDaemon {
  return daemonThat({ [`GET /v1/sessions/${WEB}/wait`]: always(reply(facts)) });
}

describe("korun wait", () => {
  test("asks for the session itself, for ready, for a minute", async () => {
    await using daemon = answering({});
    expect(await korun(daemon, ["wait", "web"])).toEqual({
      code: 0,
      stdout: "web is ready\n",
      stderr: "",
    });
    const waits = daemon.lines.filter((line) => line.includes("/wait"));
    expect(waits).toHaveLength(1);
    const [, left] = /\/wait\?for=ready&timeout=(\d+)$/.exec(waits[0] ?? "") ?? [];
    expect(Number(left)).toBeWithin(50_000, 60_001);
  });

  test("means the only active session when none is named", async () => {
    await using daemon = answering({ state: "exited", ready: false, exit_code: 0 });
    expect(await korun(daemon, ["wait", "--for", "exit"])).toMatchObject({
      code: 0,
      stdout: `${WEB} has exited with code 0\n`,
    });
  });

  test.each([
    [{ exit_code: 3 }, "has exited with code 3"],
    [{ term_signal: "SIGTERM" }, "was ended by SIGTERM"],
    [{ state: "failed" }, "could not be started"],
  ] as const)("says how it ended: %j", async (facts, words) => {
    await using daemon = answering({ state: "exited", ready: false, ...facts });
    const { code, stdout } = await korun(daemon, ["wait", "web", "--for", "exit"]);
    expect([code, stdout]).toEqual([0, `web ${words}\n`]);
  });

  test("shows the daemon's own words with --json, however it ends", async () => {
    const ended = reply({ outcome: "ended", state: "failed", ready: false });
    const text = `${JSON.stringify(ended)}\n\n`;
    await using daemon = daemonThat({ [`GET /v1/sessions/${WEB}/wait`]: always(text) });
    expect(await korun(daemon, ["wait", "web", "--json", "--for", "running"])).toEqual({
      code: 3,
      stdout: text,
      stderr: "korun: web does not run: it could not be started\n  See: korun why web\n",
    });
  });

  test("sends whoever waits for what could not be started where the reason is", async () => {
    await using daemon = answering({ outcome: "ended", state: "failed", ready: false });
    expect(await korun(daemon, ["wait", "web"])).toEqual({
      code: 3,
      stdout: "",
      stderr: "korun: web could not be started\n  See: korun why web\n",
    });
  });

  test.each([
    [[], "does not run: it exited with code 3", ""],
    [
      ["log up: not printed"],
      "exited with code 3 before it was ready",
      "It was waiting for log up: not printed. ",
    ],
  ] as const)(
    "tells what was ready, or had nothing to be, from what was not: %j",
    async (waiting_for, words, hint) => {
      const rest = { outcome: "ended", state: "exited", ready: false, exit_code: 3 } as const;
      await using daemon = answering({ ...rest, waiting_for });
      expect(await korun(daemon, ["wait", "web"])).toEqual({
        code: 3,
        stdout: "",
        stderr: `korun: web ${words}\n  ${hint}See: korun logs web\n`,
      });
    },
  );

  test("says nothing of its checks where it was not to be ready", async () => {
    const waiting_for = ["port 5999: nobody listens there"];
    await using daemon = answering({ outcome: "timed_out", ready: false, waiting_for });
    const { stderr } = await korun(daemon, ["wait", "web", "--for", "exit", "--timeout", "0"]);
    expect(stderr).toBe(
      "korun: web has not exited after 0ms: it is running\n  See: korun logs web\n",
    );
  });

  test("makes what a check has seen safe to show", async () => {
    await using daemon = answering({
      ...{ outcome: "timed_out", ready: false, state: "running" },
      waiting_for: ["command x: exits with 1: \x1b[31mno\x1b[0m"],
    });
    const { code, stderr } = await korun(daemon, ["wait", "web", "--timeout", "0"]);
    expect(code).toBe(124);
    expect(stderr).toContain("It waits for command x: exits with 1: \\x1b[31mno\\x1b[0m.");
  });

  test("asks the next daemon for what is left of the time", async () => {
    let asked = 0;
    await using daemon = daemonThat({
      [`GET /v1/sessions/${WEB}/wait`]: async () => {
        asked += 1;
        await Bun.sleep(20);
        if (asked < 3) return refusal(503, "unavailable", "The daemon leaves");
        return Response.json(reply());
      },
    });
    expect((await korun(daemon, ["wait", "web", "--timeout", "10s"])).code).toBe(0);
    const times = daemon.lines.flatMap((line) => /timeout=(\d+)$/.exec(line)?.[1] ?? []);
    const [first = 0, second = 0, third = 0] = times.map(Number);
    expect(times).toHaveLength(3);
    expect(second).toBeLessThanOrEqual(first - 20);
    expect(third).toBeLessThanOrEqual(second - 20);
  });

  test("is refused where it is typed wrong", async () => {
    await using daemon = answering({});
    expect((await korun(daemon, ["wait", "web", "--for", "life"])).code).toBe(2);
    expect((await korun(daemon, ["wait", "web", "--timeout", "soon"])).code).toBe(2);
    expect((await korun(daemon, ["wait", "web", "db"])).code).toBe(2);
  });
});
