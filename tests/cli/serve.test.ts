import { describe, expect, test } from "bun:test";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CreateSessionBody } from "../../src/api/requests.ts";
import { environment, korun } from "./support/cli.ts";
import { type Answers, always, FakeDaemon } from "./support/fake-daemon.ts";

const id = "9b2d6c33-8b13-4c51-8cd0-8de7d8f4ef01";
const started: Answers = { "POST /v1/sessions": always({ id, state: "running" }) };

function bodyOf(daemon: FakeDaemon): CreateSessionBody {
  return JSON.parse(daemon.asked[0]?.body ?? "{}") as CreateSessionBody;
}

test("the id stands alone on stdout, once the command has started", async () => {
  await using daemon = new FakeDaemon(started);
  expect(await korun(daemon, ["serve", "--", "sleep", "9"])).toEqual({
    code: 0,
    stdout: `${id}\n`,
    stderr: "",
  });
  expect(daemon.lines).toEqual(["POST /v1/sessions?wait=1"]);
});

test("--json prints the daemon's own body", async () => {
  await using daemon = new FakeDaemon(started);
  const { stdout } = await korun(daemon, ["serve", "--json", "--", "sleep", "9"]);
  expect(JSON.parse(stdout)).toEqual({ id, state: "running" });
});

test("every flag becomes a field, and what was not given is left to the daemon", async () => {
  await using daemon = new FakeDaemon(started);
  const args = ["--name=web", "-e", "A=1", "--env", "B=x=y", "-w", "src", "--watch=*.toml"];
  const more = ["--ignore", "*.log", "--ignore=tmp", "--grace", "5s", "--debounce=100ms"];
  await korun(daemon, ["serve", ...args, ...more, "--", "cargo", "run", "--", "-x"]);
  expect(bodyOf(daemon)).toMatchObject({
    command: ["cargo", "run", "--", "-x"],
    name: "web",
    env: { A: "1", B: "x=y" },
    watch: ["src", "*.toml"],
    ignore: ["*.log", "tmp"],
    grace: "5s",
    debounce: "100ms",
  });
  await korun(daemon, ["serve", "--", "true"]);
  const bare = JSON.parse(daemon.asked[1]?.body ?? "{}");
  for (const field of ["name", "grace", "debounce"]) expect(bare).not.toHaveProperty(field);
});

describe("the child's folder is", () => {
  test("where korun was called", async () => {
    await using daemon = new FakeDaemon(started);
    const cwd = realpathSync(mkdtempSync(join(tmpdir(), "korun-cwd-")));
    await korun(daemon, ["serve", "--", "true"], { cwd });
    rmSync(cwd, { recursive: true });
    expect(bodyOf(daemon).cwd).toBe(cwd);
  });

  test("what --cwd says, from there", async () => {
    await using daemon = new FakeDaemon(started);
    await korun(daemon, ["serve", "--cwd", "../etc", "--", "true"], { cwd: "/tmp" });
    expect(bodyOf(daemon).cwd).toBe("/etc");
  });
});

test("the caller's environment, umask and limit of open files go with it", async () => {
  await using daemon = new FakeDaemon(started);
  const script = 'umask 027; ulimit -Sn 321; "$0" "$1" serve -- true; exit $?';
  const entry = join(import.meta.dir, "../../index.ts");
  const shell = Bun.spawn(["sh", "-c", script, process.execPath, entry], {
    env: environment(daemon, { SECRET: "s p a c e=\u00fc\n" }),
    stdout: "ignore",
  });
  expect(await shell.exited).toBe(0);
  const body = bodyOf(daemon);
  expect(body.inherit_env).toMatchObject({ SECRET: "s p a c e=\u00fc\n", KORUN_HOME: daemon.home });
  expect(body.inherit_umask).toBe(0o027);
  if (process.platform === "linux") expect(body.inherit_open_files).toBe(321);
});

describe("a command that could not be started", () => {
  test.each([
    ["is not there", "ENOENT: no command tpyo on PATH", 127],
    ["may not be executed", "EACCES: it is not executable", 126],
    ["has no form that the system knows", "ENOEXEC: exec format error", 126],
    ["is a folder", "EISDIR: it is a folder", 126],
    ["met something else", "ENOMEM: no memory", 1],
  ])("because it %s says so, and prints no id", async (_, error, code) => {
    await using daemon = new FakeDaemon({
      "POST /v1/sessions": always({ id, state: "failed", error }, 201),
    });
    const failed = await korun(daemon, ["serve", "--", "tpyo", "-x"]);
    expect(failed).toEqual({
      code,
      stdout: "",
      stderr: `korun: cannot start tpyo: ${error}\n`,
    });
  });
});
