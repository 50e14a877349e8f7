import { expect, test } from "bun:test";
import { describeSession } from "../../src/cli/describe.ts";
import { session } from "./support/fake-daemon.ts";

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
