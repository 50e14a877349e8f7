import { expect, test } from "bun:test";
import { describeSession } from "../../../src/cli/show/describe.ts";
import { session } from "../support/fake-daemon.ts";

function facts(...given: Parameters<typeof session>): Record<string, string> {
  return Object.fromEntries(
    describeSession(session(...given)).map(([name, { text }]) => [name, text]),
  );
}

test("a running session shows since when, and nothing of an end", () => {
  const shown = facts();
  expect(shown.state).toBe("running for 1m 21s");
  expect(shown).not.toHaveProperty("ended");
  expect(shown).not.toHaveProperty("watch");
});

test.each([
  ["with code 7", { exit_code: 7 }, "exited with code 7"],
  ["by a signal", { term_signal: "SIGKILL" }, "exited, ended by SIGKILL"],
  ["in a way nobody saw", {}, "exited"],
])("an end %s is told", (_, end, state) => {
  expect(facts({ state: "exited", uptime_ms: null, ...end }).state).toBe(state);
});

test("a restart is told with its cause", () => {
  const shown = facts({
    run: 4,
    restart_count: 3,
    manual_restart_count: 1,
    watch_restart_count: 2,
    last_restart_cause: { kind: "watch", path: "src/main.rs", event: "modified" },
  });
  expect(shown.run).toBe("4 (restarted 3 times: 1 by hand, 2 by file changes)");
  expect(shown["last restart"]).toBe("src/main.rs was modified");
});

test("what its policy does is told, and what it waits for", () => {
  const shown = facts({
    state: "exited",
    exit_code: 1,
    uptime_ms: null,
    run: 6,
    restart_count: 5,
    manual_restart_count: 1,
    policy_restart_count: 3,
    health_restart_count: 1,
    last_restart_cause: { kind: "policy", attempt: 2, delay_ms: 2_000 },
    restart_policy: {
      kind: "exponential",
      initialDelay: 1_000,
      maxDelay: 30_000,
      multiplier: 2,
      on: "failure",
      maxRestarts: 9,
      resetAfter: 60_000,
    },
    next_restart_at: "2026-03-16T12:00:04.000Z",
  });
  expect(shown).toMatchObject({
    run: "6 (restarted 5 times: 1 by hand, 0 by file changes, 3 by its policy, 1 since it was unhealthy)",
    "last restart": "by its policy, restart 2",
    restarts: "exponential from 1s to 30s, after failures, at most 9 in a row without a run of 1m",
    "next restart": "2026-03-16T12:00:04.000Z",
  });
  expect(facts({ gave_up: true, gave_up_reason: "enough" })["gave up"]).toBe("enough");
  expect(facts({ called_off: "lost", lost: true })).toMatchObject({
    "called off": "by the end of the machine",
    lost: "started again by korun restart --lost",
  });
});

test("readiness, health and limits are told where there are any", () => {
  const none = facts();
  for (const name of ["restarts", "ready", "health", "limits"])
    expect(none).not.toHaveProperty(name);
  const shown = facts({
    ready: false,
    ready_at: null,
    ready_checks: [{ port: 3000, timeout: 60_000 }],
    waiting_for: ["port 3000: nobody listens there"],
    health: { state: "unhealthy", failures: 3, checked_at: null, reasons: ["refused", "500"] },
    health_check: {
      url: "http://localhost:3000/",
      interval: 10_000,
      timeout: 5_000,
      threshold: 3,
      restart: false,
    },
    max_rss: 512 * 1_024 ** 2,
    max_runtime_ms: 3_600_000,
  });
  expect(shown).toMatchObject({
    ready: "waits for port 3000: nobody listens there",
    health: "unhealthy: 500 (http://localhost:3000/, every 10s)",
    limits: "512 MiB of memory, 1h a run",
  });
  const checks = { ready_checks: [{ port: 3000, timeout: 60_000 }] };
  expect(facts(checks).ready).toBe("since 2026-03-16T12:00:00.000Z");
  const late = { ...checks, ready: false, ready_timed_out: true, waiting_for: ["port 3000"] };
  expect(facts(late).ready).toBe("not in time; port 3000");
});

test("how it can be written to is told, and what became of its terminal", () => {
  const none = facts();
  for (const name of ["stdin", "pty", "terminal", "interrupted"])
    expect(none).not.toHaveProperty(name);
  expect(facts({ stdin: "pipe" }).stdin).toBe("pipe");
  const interrupted_at = "2026-03-16T12:00:00.000Z";
  const shown = facts({
    pty: { cols: 120, rows: 40 },
    terminal: { cols: 100, rows: 1, state: "lost", interrupted_at },
  });
  expect(shown).toMatchObject({
    pty: "120 columns, 40 rows",
    terminal: "lost, 100 columns, 1 row",
    interrupted: interrupted_at,
  });
});

test("degraded watching is told with its cure", () => {
  const problem = "no watches left: sysctl fs.inotify.max_user_watches=524288";
  const shown = facts({
    watch: ["src", "*.toml"],
    watching: { state: "degraded", directories: 3, problem },
  });
  expect(shown.watch).toBe(`src *.toml (degraded: ${problem})`);
});

test("nothing that others chose reaches the terminal raw", () => {
  const evil = "\x1b]0;owned\x07";
  const shown = facts({
    name: evil,
    error: evil,
    command: [evil],
    cwd: evil,
    env_overrides: { [evil]: evil },
    watch: [evil],
    ignore: [evil],
    last_change_path: evil,
    left_behind: [{ pid: 1, name: evil }],
    last_restart_cause: { kind: "watch", path: evil, event: "created" },
  });
  expect(Object.values(shown).join("\n")).not.toContain("\x1b");
  expect(Object.values(shown).join("\n")).not.toContain("\x07");
  expect(shown.name).toBe("\\x1b]0;owned\\x07");
});

test("counts agree with their words", () => {
  expect(facts({ stdout_lines: 1, stdout_bytes: 1 }).stdout).toBe("1 line, 1 byte");
  expect(facts({ stderr_lines: 0, stderr_bytes: 0 }).stderr).toBe("0 lines, 0 bytes");
  expect(facts({ stdout_lines: 2, stdout_bytes: 9, stdout_dropped_lines: 4 }).stdout).toBe(
    "2 lines, 9 bytes, 4 older lines dropped",
  );
});
