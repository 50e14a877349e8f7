import { describe, expect, test } from "bun:test";
import type { EventReply, RunReply } from "../../src/api/history-replies.ts";
import { eventLine } from "../../src/cli/show/event-line.ts";
import { painter } from "../../src/cli/show/style.ts";
import { explain } from "../../src/cli/show/why.ts";
import { korun } from "./support/cli.ts";
import { always, FakeDaemon, session } from "./support/fake-daemon.ts";

const TS = "2026-03-16T12:00:00.000Z";

function runOf(facts: Partial<RunReply> = {}): RunReply {
  return {
    number: 1,
    pid: 43122,
    started_at: TS,
    ended_at: null,
    exit_code: null,
    term_signal: null,
    cause: { kind: "create" },
    end: null,
    stdout_bytes: 0,
    stdout_lines: 0,
    stderr_bytes: 0,
    stderr_lines: 0,
    ...facts,
  };
}

describe("why says", () => {
  const armed = { state: "armed", directories: 1, problem: null } as const;
  const rest = { state: "exited", pid: null, uptime_ms: null } as const;
  const cause = { kind: "watch", path: "src/a.ts", event: "modified" } as const;
  test.each([
    [
      "what runs, which file started it and what restarts it",
      session({ watch: ["src"], watching: armed, run: 2 }),
      runOf({ number: 2, cause }),
      [
        "web is running for 1m 21s, as pid 43122.",
        `Run 2 started at ${TS}, since src/a.ts was modified.`,
        "A change of src restarts it.",
      ],
    ],
    [
      "that a crash waits for a file",
      session({ ...rest, exit_code: 1, watch: ["src"], watching: armed }),
      runOf({ ended_at: TS, exit_code: 1, end: { kind: "exit" } }),
      [
        "web has exited with code 1.",
        `Run 1 started at ${TS}, when the session was created.`,
        `It ended at ${TS} by itself.`,
        "A change of src starts it again.",
      ],
    ],
    [
      "that it went down with the machine",
      session({ ...rest, last_end: { kind: "lost" }, lost: true }),
      undefined,
      [
        "web has exited, nobody knows how.",
        "It was running when the machine went down.",
        "It waits for nothing: `korun restart web` starts it again, and `korun restart --lost` all that was lost.",
      ],
    ],
    [
      "that the daemon came before its restart",
      session({ ...rest, exit_code: 1, called_off: "daemon_stop", lost: true }),
      runOf({ ended_at: TS, exit_code: 1, end: { kind: "exit" } }),
      [
        "web has exited with code 1.",
        `Run 1 started at ${TS}, when the session was created.`,
        `It ended at ${TS} by itself.`,
        "It was to start again, which was called off by the stop of the daemon.",
        "It waits for nothing: `korun restart web` starts it again, and `korun restart --lost` all that was lost.",
      ],
    ],
    [
      "that a stop called its restart off",
      session({ ...rest, exit_code: 1, called_off: "stop" }),
      runOf({ ended_at: TS, exit_code: 1, end: { kind: "exit" } }),
      [
        "web has exited with code 1.",
        `Run 1 started at ${TS}, when the session was created.`,
        `It ended at ${TS} by itself.`,
        "It was to start again, which was called off by a stop.",
        "It waits for nothing: `korun restart web` starts it again.",
      ],
    ],
    [
      "why it could not be started",
      session({ ...rest, state: "failed", error: "ENOENT: no such command" }),
      runOf({ end: { kind: "failed", error: "ENOENT: no such command" } }),
      [
        "web has failed: its command could not be started: ENOENT: no such command.",
        `Run 1 started at ${TS}, when the session was created.`,
        "It waits for nothing: `korun restart web` starts it again.",
      ],
    ],
    [
      "that its policy starts it again, and what to do about that",
      session({
        ...rest,
        state: "exited",
        exit_code: 1,
        next_restart_at: TS,
        restart_policy: { kind: "fixed", delay: 5_000, on: "any", resetAfter: 60_000 },
      }),
      runOf({
        number: 3,
        cause: { kind: "policy", attempt: 2, delay_ms: 5_000 },
        ended_at: TS,
        end: { kind: "exit" },
      }),
      [
        "web has exited with code 1.",
        `Run 3 started at ${TS}, by its restart policy: restart 2 in a row.`,
        `It ended at ${TS} by itself.`,
        `Its restart policy (fixed, after 5s) starts it again at ${TS}; ` +
          "`korun restart web` does at once, `korun stop web` calls it off.",
      ],
    ],
    [
      "that its policy gave up, and why",
      session({
        ...rest,
        state: "exited",
        exit_code: 1,
        gave_up: true,
        gave_up_reason: "it was restarted 3 times in a row, and no run lasted 1m",
      }),
      runOf({ ended_at: TS, end: { kind: "exit" } }),
      [
        "web has exited with code 1.",
        `Run 1 started at ${TS}, when the session was created.`,
        `It ended at ${TS} by itself.`,
        "Its restart policy gave up: it was restarted 3 times in a row, and no run lasted 1m.",
        "It waits for nothing: `korun restart web` starts it again.",
      ],
    ],
    [
      "what it waits for to be ready, and how it does",
      session({
        ready: false,
        waiting_for: ["port 3000: nobody listens there"],
        health: { state: "unhealthy", failures: 3, checked_at: TS, reasons: ["it answered 500"] },
      }),
      runOf({}),
      [
        "web is running for 1m 21s, as pid 43122.",
        `Run 1 started at ${TS}, when the session was created.`,
        "It waits to be ready: port 3000: nobody listens there.",
        "It is unhealthy: it answered 500.",
      ],
    ],
    [
      "what a run that was never ready was waiting for",
      session({
        state: "exited",
        ready: false,
        exit_code: 1,
        waited_for: ["port 3000: python3 (pid 7) has listened there since before this run"],
      }),
      runOf({ ended_at: TS, end: { kind: "exit" } }),
      [
        "web has exited with code 1.",
        `Run 1 started at ${TS}, when the session was created.`,
        `It ended at ${TS} by itself.`,
        "It was not ready by then: port 3000: python3 (pid 7) has listened there since before this run.",
        "It waits for nothing: `korun restart web` starts it again.",
      ],
    ],
    [
      "what a stop waits for",
      session({ state: "stopping" }),
      runOf({ cause: { kind: "manual" } }),
      [
        "web is stopping: its processes are being ended.",
        `Run 1 started at ${TS}, since somebody restarted it.`,
        "It waits for its processes to end, and kills them after 2s.",
      ],
    ],
    [
      "that its terminal is lost",
      session({ terminal: { cols: 80, rows: 24, state: "lost", interrupted_at: TS } }),
      undefined,
      [
        "web is running for 1m 21s, as pid 43122.",
        "Its terminal is lost: daemon and keeper were killed at once. It sees a hang-up there, and " +
          "can show nothing more; `korun restart web` starts it in another.",
      ],
    ],
  ])("%s", (_, about, run, lines) => {
    expect(explain(about, run)).toEqual(lines);
  });
});

test("runs are a table of causes and ends", async () => {
  const cause = { kind: "watch", path: "a\nb", event: "created" } as const;
  const ended = {
    ended_at: "2026-03-16T12:00:02.000Z",
    exit_code: 3,
    end: { kind: "exit" },
  } as const;
  const runs = [runOf({ ...ended, stdout_lines: 2, stderr_lines: 1 }), runOf({ number: 2, cause })];
  await using daemon = new FakeDaemon({ "GET /v1/sessions/web/runs": always({ runs }) });
  const { stdout } = await korun(daemon, ["runs", "web"]);
  expect(stdout).toBe(
    "RUN  PID    STARTED                   LASTED  EXIT  LINES  CAUSE             END\n" +
      `1    43122  ${TS}  2s      3     3      created           by itself\n` +
      `2    43122  ${TS}  -       -     0      a\\nb was created  -\n`,
  );
  const json = await korun(daemon, ["runs", "web", "--json"]);
  expect(JSON.parse(json.stdout)).toEqual({ runs });
});

test("an event is a line that names its session and says what is known", () => {
  const plain = painter(false);
  const event = { seq: 1, ts: TS, session_id: "9b2d6c33-8b13", type: "exited" } as const;
  const exit = { run: 2, exit_code: 1, term_signal: null, end: { kind: "exit" } } as const;
  const line = (facts: Partial<EventReply>, label?: string) =>
    eventLine({ ...event, ...facts }, label, plain);
  expect(line(exit, "web")).toBe(`${TS} web exited: run 2, code 1, by itself\n`);
  expect(line({ type: "restart_scheduled", run: 2, attempt: 3, delay_ms: 4_000 }, "web")).toBe(
    `${TS} web restart_scheduled: run 2, restart 3 in a row, in 4s\n`,
  );
  expect(line({ type: "gave_up", run: 2, reason: "enough" }, "web")).toBe(
    `${TS} web gave_up: run 2, enough\n`,
  );
  expect(line({ type: "removed" })).toBe(`${TS} 9b2d6c33 removed\n`);
  expect(line({ type: "daemon_stopping", session_id: null, reason: "SIGTERM" })).toBe(
    `${TS} korun daemon_stopping: SIGTERM\n`,
  );
  expect(line({ type: "follower_lagged", stream: "stdout", missed: 3 }, "web")).toBe(
    `${TS} web follower_lagged: stdout, missed 3 lines\n`,
  );
});

describe("events", () => {
  const created = {
    seq: 1,
    ts: TS,
    type: "created",
    session_id: "x1",
    name: "api",
    command: ["a"],
  };
  const removed = { seq: 2, ts: TS, type: "removed", session_id: "x1" };

  test("are shown with the names of their sessions, and followed from where they end", async () => {
    await using daemon = new FakeDaemon({
      "GET /v1/events?limit=5": always({ events: [created], next_seq: 2 }),
      "GET /v1/events?since_seq=2&follow=1": always(`${JSON.stringify(removed)}\n`),
      "GET /v1/sessions": always({ sessions: [] }),
    });
    const { stdout, code } = await korun(daemon, ["events", "-f", "-n5"]);
    expect({ stdout, code }).toEqual({
      stdout: `${TS} api created: a\n${TS} api removed\n`,
      code: 0,
    });
  });

  test("in JSON are the API's own", async () => {
    await using daemon = new FakeDaemon({
      "GET /v1/events": always({ events: [created], next_seq: 2 }),
      "GET /v1/events?since_seq=1&follow=1": always(`${JSON.stringify(created)}\n`),
    });
    const page = await korun(daemon, ["events", "--json"]);
    expect(JSON.parse(page.stdout)).toEqual({ events: [created], next_seq: 2 });
    const followed = await korun(daemon, ["events", "-f", "--json", "--since-seq", "1"]);
    expect(followed.stdout).toBe(`${JSON.stringify(created)}\n`);
  });
});

test("restart --lost restarts what is lost, and nothing else", async () => {
  const rest = { state: "exited", pid: null, uptime_ms: null } as const;
  const sessions = [
    session({ ...rest, id: "id-ran", name: "ran", last_end: { kind: "daemon_stop" }, lost: true }),
    session({ ...rest, id: "id-waited", name: "waited", last_end: { kind: "exit" }, lost: true }),
    session({ ...rest, id: "id-stopped", last_end: { kind: "stop" } }),
    session({ id: "id-live", last_end: { kind: "daemon_stop" } }),
  ];
  const done = always({ ok: true, id: "x", state: "running" });
  await using daemon = new FakeDaemon({
    "GET /v1/sessions": always({ sessions }),
    "POST /v1/sessions/id-ran/restart": done,
    "POST /v1/sessions/id-waited/restart": done,
  });
  expect(await korun(daemon, ["restart", "--lost"])).toEqual({
    code: 0,
    stdout: "ran restarted\nwaited restarted\n",
    stderr: "",
  });
  expect((await korun(daemon, ["restart", "--lost", "--all"])).code).toBe(2);
  expect((await korun(daemon, ["restart", "--lost", "web"])).code).toBe(2);
});

test("prune sends what it was told and says what is gone", async () => {
  const removed = [{ id: "9b2d6c33-8b13-4c51-8cd0-8de7d8f4ef01", name: null }];
  await using daemon = new FakeDaemon({ "POST /v1/prune": always({ ok: true, removed }) });
  const { stdout } = await korun(daemon, ["prune", "--older-than", "7d", "--keep", "20"]);
  expect(stdout).toBe("9b2d6c33 removed\n");
  expect(daemon.asked[0]?.body).toBe('{"older_than":"7d","keep":20}');
  expect((await korun(daemon, ["prune", "--keep", "x"])).code).toBe(2);
});
