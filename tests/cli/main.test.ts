import { describe, expect, test } from "bun:test";
import { korun, onTerminal, start } from "./support/cli.ts";
import { always, FakeDaemon, refusal, session } from "./support/fake-daemon.ts";

const sessions = always({ sessions: [session()] });

describe("the exit code is 2, and one line says why, with the remedy on a second,", () => {
  test.each([
    ["of an unknown command", ["sevre"], "no command `korun sevre`", "Did you mean serve?"],
    [
      "of an unknown command of the daemon's",
      ["daemon", "strat"],
      "`korun daemon strat`",
      "start?",
    ],
    ["of a name that another program has for it", ["top"], "`korun top`", "`korun stats -f`?"],
    [
      "of such a name of the daemon's",
      ["daemon", "restart"],
      "restart`",
      "`korun daemon upgrade`?",
    ],
    [
      "of another program's restart policy",
      ["serve", "--restart", "on-failure:5", "--", "x"],
      '--restart is "on-failure:5"',
      "--restart always --restart-on failure --max-restarts 5",
    ],
    [
      "of a wait that becomes shorter",
      ["serve", "--restart", "exponential:5s..1s", "--", "x"],
      "the second no shorter",
      "serve --help",
    ],
    [
      "of two health checks",
      ["serve", "--health-url", "http://localhost", "--health-port", "1", "--", "x"],
      "--health-url, --health-port and --health-cmd contradict",
      "one of them",
    ],
    ["of a name that is empty", ["serve", "--name=", "--", "x"], "1 to 64 letters", "serve --help"],
    ["of no URL", ["serve", "--ready-url", "foo", "--", "x"], "an http:// or", "serve --help"],
    ["of a flag before the command", ["--json", "ls"], "no flag --json before", "korun --help"],
    ["of an unknown flag", ["ls", "--jsn"], "no flag --jsn", "Did you mean --json?"],
    ["of serve without --", ["serve", "node", "a.js"], "after `--`", "korun serve -- node a.js"],
    ["of a variable without a value", ["run", "-e", "FOO", "--", "x"], '-e is "FOO"', "run --help"],
    ["of a duration that is none", ["serve", "--grace", "soon", "--", "x"], "soon", "serve --help"],
    ["of rm without an id", ["rm"], "needs an ID", "--all"],
    ["of an id beside --all", ["stop", "web", "--all"], "web is one", "stop --help"],
    ["of an id that is empty", ["stop", ""], "id is empty", "unset"],
    ["of a shell that is none", ["completions", "tcsh"], "tcsh", "completions --help"],
  ])("%s", async (_, args, message, hint) => {
    await using daemon = new FakeDaemon({});
    const { code, stdout, stderr } = await korun(daemon, args);
    const [first, second, ...rest] = stderr.split("\n");
    expect(first).toStartWith("korun: ");
    expect(first).toContain(message);
    expect(second).toContain(hint);
    expect({ code, stdout, rest }).toEqual({ code: 2, stdout: "", rest: [""] });
    expect(daemon.lines).toEqual([]);
  });
});

test("what the daemon calls a bad request is a usage error too", async () => {
  await using daemon = new FakeDaemon({
    "POST /v1/sessions": () => refusal(400, "bad_request", "watch[0]: nope is not there", "Look."),
  });
  const { code, stderr } = await korun(daemon, ["serve", "-w", "nope", "--", "x"]);
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: "korun: watch[0]: nope is not there\n  Look.\n",
  });
});

describe("what the daemon says of a field is said of the flag that was typed:", () => {
  test.each([
    ["grace", "--grace"],
    ["max_rss", "--max-rss"],
    ["watch[0]", "--watch"],
    ["ready[1].regex", "--ready-regex"],
    ["ready[0].command[2]", "--ready-cmd"],
    ["health.threshold", "--health-threshold"],
    ["health.command", "--health-cmd"],
    ["restart.maxRestarts", "--max-restarts"],
    ["restart.initialDelay", "--restart"],
    ["command[1]", "the command"],
    ["inherit_umask", "inherit_umask"],
  ])("%s of %s", async (field, flag) => {
    const error = {
      code: "bad_request",
      message: `${field} must be more`,
      field,
      expected: "more",
    };
    await using daemon = new FakeDaemon({
      "POST /v1/sessions": () => Response.json({ error }, { status: 400 }),
    });
    const { code, stderr } = await korun(daemon, ["serve", "--", "x"]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: `korun: ${flag} must be more\n` });
  });
});

test("every other refusal ends with 1", async () => {
  await using daemon = new FakeDaemon({
    "GET /v1/sessions/web": () => refusal(404, "not_found", "no session web"),
  });
  expect(await korun(daemon, ["inspect", "web"])).toEqual({
    code: 1,
    stdout: "",
    stderr: "korun: no session web\n",
  });
});

test("an error never brings control characters to the terminal", async () => {
  await using daemon = new FakeDaemon({
    "GET /v1/sessions/web": () => refusal(404, "not_found", "no \x1b[2Jsession", "\x07hint"),
  });
  const { stderr } = await korun(daemon, ["inspect", "web"]);
  expect(stderr).toBe("korun: no \\x1b[2Jsession\n  \\x07hint\n");
});

describe("help", () => {
  test.each([
    ["korun", []],
    ["korun", ["--help"]],
    ["korun", ["help"]],
    ["korun serve", ["serve", "--help"]],
    ["korun serve", ["serve", "-h"]],
    ["korun serve", ["help", "serve"]],
    ["korun tail", ["tail", "web", "-f", "--help"]],
    ["korun daemon", ["daemon"]],
    ["korun daemon", ["daemon", "--help"]],
    ["korun daemon status", ["daemon", "status", "--help"]],
  ])("of %s is what %j prints, with examples and without colour", async (name, args) => {
    await using daemon = new FakeDaemon();
    const { code, stdout, stderr } = await korun(daemon, args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain(`USAGE ${name} `.trimEnd());
    expect(stdout).toMatch(/EXAMPLES\n\n {2}(\w+=\$?\(?)?korun /);
    expect(stdout).not.toContain("\x1b");
  });

  test("names every flag of a command, and where the command goes", async () => {
    await using daemon = new FakeDaemon();
    const { stdout } = await korun(daemon, ["serve", "--help"]);
    for (const flag of ["name", "cwd", "env", "watch", "ignore", "grace", "debounce", "json"]) {
      expect(stdout).toContain(`--${flag}`);
    }
    expect(stdout).toContain("[OPTIONS] -- COMMAND [ARG…]");
  });

  test("is not ours when it stands after --", async () => {
    await using daemon = new FakeDaemon({
      "POST /v1/sessions": always({ id: "x", state: "running" }),
    });
    const { stdout } = await korun(daemon, ["serve", "--", "node", "--help"]);
    expect(stdout).toBe("x\n");
    expect(JSON.parse(daemon.asked[0]?.body ?? "").command).toEqual(["node", "--help"]);
  });

  test("has no line over 80 columns, and on a terminal none over its width", async () => {
    await using daemon = new FakeDaemon();
    const widest = (text: string) =>
      Math.max(...(text.split("EXAMPLES")[0] ?? "").split(/\r?\n/).map((one) => one.length));
    for (const args of [["--help"], ["serve", "--help"], ["logs", "--help"]]) {
      expect(widest((await korun(daemon, args)).stdout)).toBeLessThanOrEqual(80);
      const { shown } = await onTerminal(daemon, args, { columns: 50 });
      expect(widest(Bun.stripANSI(shown))).toBeLessThanOrEqual(50);
    }
  });

  test("says of --all whom it means", async () => {
    await using daemon = new FakeDaemon();
    const lines: string[] = [];
    for (const name of ["restart", "stop", "rm"]) {
      const { stdout } = await korun(daemon, [name, "--help"]);
      lines.push(stdout.split("\n").find((line) => line.includes("--all ")) ?? "");
    }
    expect(lines[0]).toContain("Every session that is active");
    expect(lines[1]).toContain("Every session, at rest too");
    expect(lines[2]).toContain("Every session at rest");
  });

  test.each(["wait", "expect"])("of %s has its exit codes", async (name) => {
    await using daemon = new FakeDaemon();
    const { stdout } = await korun(daemon, [name, "--help"]);
    expect(stdout).toMatch(/EXIT CODES\n\n {4}0 [\s\S]* {2}124 [\s\S]* {4}3 [\s\S]* {4}4 /);
  });

  test("names each word of a command", async () => {
    await using daemon = new FakeDaemon();
    expect((await korun(daemon, ["expect", "--help"])).stdout).toContain("<ID> <PATTERN>\n");
    expect((await korun(daemon, ["send", "--help"])).stdout).toContain("<ID> [TEXT…]\n");
  });

  test("says the version as --version does, and names that flag", async () => {
    await using daemon = new FakeDaemon();
    const { stdout } = await korun(daemon, ["--help"]);
    expect(stdout).toContain(`(${(await korun(daemon, ["--version"])).stdout.trim()})`);
    expect(stdout).toContain("--version");
  });

  test("does not show what is only for korun itself", async () => {
    await using daemon = new FakeDaemon();
    expect((await korun(daemon, ["daemon", "run", "--help"])).stdout).not.toContain("--detached");
  });

  test("does not show what is only for scripts", async () => {
    await using daemon = new FakeDaemon();
    expect((await korun(daemon, ["--help"])).stdout).not.toContain("__complete");
  });
});

test.each(["--version", "-V"])("%s prints name and version", async (flag) => {
  await using daemon = new FakeDaemon();
  const { code, stdout } = await korun(daemon, [flag]);
  expect(stdout).toMatch(/^korun \d+\.\d+\.\d+\n$/);
  expect(code).toBe(0);
});

test("a daemon of another version still serves, with a note on stderr", async () => {
  await using daemon = new FakeDaemon({ "GET /v1/sessions": sessions }, "0.9.0");
  const { code, stdout, stderr } = await korun(daemon, ["ls"]);
  expect(code).toBe(0);
  expect(stdout).toContain("cargo run");
  expect(stderr).toMatch(/^korun: the daemon is 0\.9\.0, this is \d+\.\d+\.\d+: .*\n$/);
});

test("a daemon of the same version is not worth a note", async () => {
  await using daemon = new FakeDaemon({ "GET /v1/sessions": sessions });
  expect((await korun(daemon, ["ls"])).stderr).toBe("");
});

test("notes are told under NODE_ENV=test too", async () => {
  await using daemon = new FakeDaemon({ "GET /v1/sessions": sessions }, "0.9.0");
  const { stderr } = await korun(daemon, ["ls"], { env: { NODE_ENV: "test", CI: "1" } });
  expect(stderr).toContain("the daemon is 0.9.0");
});

test("output is written whole, however much it is and however late it is read", async () => {
  const many = Array.from({ length: 20_000 }, (_, place) => session({ name: `s${place}` }));
  await using daemon = new FakeDaemon({ "GET /v1/sessions": always({ sessions: many }) });
  const child = start(daemon, ["ls", "--json"]);
  const text = await new Response(child.stdout).text();
  expect(await child.exited).toBe(0);
  expect(JSON.parse(text).sessions).toHaveLength(20_000);
});

test("a reader that leaves ends it quietly", async () => {
  const many = Array.from({ length: 20_000 }, (_, place) => session({ name: `s${place}` }));
  await using daemon = new FakeDaemon({ "GET /v1/sessions": always({ sessions: many }) });
  const child = start(daemon, ["ls", "--json"]);
  const reader = child.stdout.getReader();
  await reader.read();
  await reader.cancel();
  expect(await child.exited).toBe(141);
  expect(await new Response(child.stderr).text()).toBe("");
});

test("a port that is none is told before anything is asked", async () => {
  await using daemon = new FakeDaemon({});
  const { code, stderr } = await korun(daemon, ["ls"], { env: { KORUN_PORT: "http" } });
  expect(code).toBe(2);
  expect(stderr).toContain("KORUN_PORT");
});
