import { expect, test } from "bun:test";
import { korun, onTerminal } from "./support/cli.ts";
import { always, FakeDaemon, session } from "./support/fake-daemon.ts";

const body = {
  sessions: [
    session(),
    session({
      id: "007353ec-7339-4fc8-93c2-db7037259565",
      name: null,
      state: "exited",
      command: ["sh", "-c", "exit 3"],
      pid: null,
      uptime_ms: null,
      restart_count: 12,
      exit_code: 3,
    }),
    session({
      id: "b625f70f-7339-4fc8-93c2-db7037259565",
      name: "evil",
      state: "exited",
      command: ["\x1b[2J", "\n"],
      pid: null,
      uptime_ms: null,
      term_signal: "SIGKILL",
    }),
  ],
};

test("sessions are a plain table when piped", async () => {
  await using daemon = new FakeDaemon({ "GET /v1/sessions": always(body) });
  expect(await korun(daemon, ["ls"])).toEqual({
    code: 0,
    stdout: `\
NAME  ID        STATE            PID    UPTIME  RESTARTS  COMMAND
web   9b2d6c33  running          43122  1m 21s  0         cargo run
-     007353ec  exited(3)        -      -       12        sh -c 'exit 3'
evil  b625f70f  exited(SIGKILL)  -      -       0         $'\\x1b[2J' $'\\n'
`,
    stderr: "",
  });
});

test("--json is the daemon's own body, byte for byte", async () => {
  const text = '{ "sessions": [],\n  "later": "field" }\n';
  await using daemon = new FakeDaemon({ "GET /v1/sessions": always(text) });
  expect((await korun(daemon, ["ls", "--json"])).stdout).toBe(text);
});

test("without a daemon there are no sessions, which is no failure", async () => {
  await using daemon = new FakeDaemon();
  const human = await korun(daemon, ["ls"]);
  expect(human).toMatchObject({ code: 0, stderr: "korun: no daemon is running\n" });
  expect(human.stdout).toStartWith("NAME");
  const json = await korun(daemon, ["ls", "--json"]);
  expect(json).toMatchObject({ code: 0, stdout: '{"sessions":[]}\n' });
});

test("a terminal gets colour, and lines that fit it", async () => {
  await using daemon = new FakeDaemon({ "GET /v1/sessions": always(body) });
  const { code, shown } = await onTerminal(daemon, ["ls"], { columns: 60 });
  expect(code).toBe(0);
  expect(shown).toContain("\x1b[32mrunning\x1b[39m");
  const widths = shown.split("\r\n").map((line) => Bun.stringWidth(line));
  expect(Math.max(...widths)).toBe(60);
});

test("NO_COLOR is honoured on a terminal, FORCE_COLOR in a pipe", async () => {
  await using daemon = new FakeDaemon({ "GET /v1/sessions": always(body) });
  const { shown } = await onTerminal(daemon, ["ls"], { env: { NO_COLOR: "1" } });
  expect(shown).not.toContain("\x1b");
  const { stdout } = await korun(daemon, ["ls"], { env: { FORCE_COLOR: "1" } });
  expect(stdout).toContain("\x1b[32mrunning\x1b[39m");
});
