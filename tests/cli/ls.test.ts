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

test("what is amiss or is to follow stands beside the state", async () => {
  const rest = { pid: null, uptime_ms: null, command: ["app"] };
  const next_restart_at = new Date(Date.now() + 3_600_000).toISOString();
  const sessions = [
    session({ ...rest, state: "exited", exit_code: 1, next_restart_at }),
    session({ ...rest, state: "exited", exit_code: 1, gave_up: true }),
    session({ ...rest, state: "failed", next_restart_at: "2026-03-16T12:00:00.000Z" }),
    session({ ...rest, state: "exited", exit_code: 1, gave_up: true, lost: true }),
    session({ ready: false }),
    session({ health: { state: "unhealthy", failures: 3, checked_at: null, reasons: ["500"] } }),
  ];
  await using daemon = new FakeDaemon({ "GET /v1/sessions": always({ sessions }) });
  const lines = (await korun(daemon, ["ls"])).stdout.split("\n");
  expect(lines[1]).toMatch(/ exited\(1\), again in (59m \d+s|1h) /);
  expect(lines[2]).toContain(" exited(1), gave up ");
  expect(lines[3]).toContain(" failed, again in 0ms ");
  expect(lines[4]).toContain(" exited(1), lost ");
  expect(lines[5]).toContain(" running, not ready ");
  expect(lines[6]).toContain(" running, unhealthy ");
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

test("a command of many arguments is cut, also in a pipe, and whole in JSON", async () => {
  const command: [string, ...string[]] = ["rm", ...Array<string>(20_000).fill("file")];
  await using daemon = new FakeDaemon({
    "GET /v1/sessions": always({ sessions: [session({ command })] }),
  });
  const [, line = ""] = (await korun(daemon, ["ls"])).stdout.split("\n");
  const shown = line.slice(line.indexOf("rm "));
  expect(shown).toHaveLength(200);
  expect(shown).toEndWith(" file f…");
  expect((await korun(daemon, ["ls", "--json"])).stdout).toContain(JSON.stringify(command));
});
