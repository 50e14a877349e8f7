// `korun serve`, as scripts and Makefiles use it.

import { describe, expect, test } from "bun:test";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { SessionListReply } from "../../src/api/replies.ts";
import { Korun } from "../support/korun.ts";
import { inShell } from "./support/shell.ts";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

test("serve prints the session's id alone, once the command has started", async () => {
  await using korun = new Korun();
  const { code, stdout, stderr } = await korun.run(["serve", "--", "sleep", "600"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toEndWith("\n");
  expect(stdout.trimEnd()).toMatch(UUID);
  expect(await korun.session(stdout.trimEnd())).toMatchObject({
    state: "running",
    command: ["sleep", "600"],
    cwd: korun.work,
    pid: expect.any(Number),
  });
});

test("a Makefile keeps the id in a variable, from one line to the next", async () => {
  await using korun = new Korun();
  writeFileSync(
    join(korun.work, "Makefile"),
    `\
check:
	@ID=$$(korun serve --name web -- sh -c 'echo up; exec sleep 600') && \\
	  korun inspect --json $$ID > session.json && \\
	  korun stop $$ID

start: web.id
web.id:
	korun serve -- sleep 600 > $@
stop: web.id
	korun stop $$(cat web.id)
	rm web.id

typo:
	ID=$$(korun serve -- no-such-program) && echo "made $$ID"
`,
  );
  const checked = await inShell(korun, "make check");
  expect(checked).toMatchObject({ code: 0, stderr: "" });
  const session = await Bun.file(join(korun.work, "session.json")).json();
  expect(checked.stdout).toBe(`${session.id} stopped\n`);
  expect(session).toMatchObject({ name: "web", state: "running" });

  expect((await inShell(korun, "make start")).code).toBe(0);
  const id = (await Bun.file(join(korun.work, "web.id")).text()).trimEnd();
  expect((await korun.session(id)).state).toBe("running");
  expect((await inShell(korun, "make stop")).code).toBe(0);
  expect((await korun.session(id)).state).toBe("exited");

  const { code, stdout, stderr } = await inShell(korun, "make -s typo");
  expect(code).toBe(2); // make's own, for a recipe that fails
  expect(stdout).not.toContain("made");
  expect(stderr).toContain("korun: cannot start no-such-program: ENOENT");
  expect(stderr).toContain("Error 127");
});

describe("a command that cannot be started", () => {
  test.each([
    ["is not there: 127", "no-such-program", 127, "ENOENT"],
    ["is not there by its path: 127", "./no-such-file", 127, "ENOENT"],
    ["is not executable: 126", "./plain", 126, "EACCES"],
    ["is a folder: 126", "/etc", 126, "EACCES"],
    ["has no form that the system knows: 126", "./odd", 126, "ENOEXEC"],
  ])("because it %s", async (_, command, code, reason) => {
    await using korun = new Korun();
    writeFileSync(join(korun.work, "plain"), "#!/bin/sh\n");
    writeFileSync(join(korun.work, "odd"), "\x7fELF, or so it says");
    chmodSync(join(korun.work, "odd"), 0o755);
    const failed = await korun.run(["serve", "--", command, "-x"]);
    expect({ code: failed.code, stdout: failed.stdout }).toEqual({ code, stdout: "" });
    const [line, ...rest] = failed.stderr.split("\n");
    expect(line).toStartWith(`korun: cannot start ${command}: ${reason}: `);
    expect(rest).toEqual([""]);

    const [session] = await listed(korun);
    expect(session).toMatchObject({ state: "failed", pid: null, command: [command, "-x"] });
    expect(session?.error).toStartWith(`${reason}: `);
  });

  test("is in the API's own body with --json, and the exit code is the same", async () => {
    await using korun = new Korun();
    const { code, stdout } = await korun.run(["serve", "--json", "--", "no-such-program"]);
    expect(code).toBe(127);
    const [session] = await listed(korun);
    const { id, error } = session ?? {};
    expect(JSON.parse(stdout)).toEqual({ id, state: "failed", error });
  });
});

describe("what follows -- is untouched:", () => {
  test.each([
    [["--help"]],
    [["--version", "-h", "-V"]],
    [["--", "--name", "x", "-w", "nowhere"]],
    [["", " ", "a b", "$HOME", "*", "'", '"', "\\", "\n", "ü🙂"]],
  ])("%j", async (args) => {
    await using korun = new Korun();
    const command = ["sh", "-c", 'printf "%s\\0" "$@"', "sh", ...args];
    const id = await korun.ok(["serve", "--", ...command]);
    const { state } = await korun.until(id, (session) => session.state === "exited");
    expect(state).toBe("exited");
    expect((await korun.session(id)).command).toEqual(command);
    const { stdout } = await korun.run(["logs", "--stream", "stdout", id]);
    expect(stdout.split("\0").slice(0, -1)).toEqual(args);
  });

  test("also where it looks like a flag of ours, and for run", async () => {
    await using korun = new Korun();
    const { code, stdout } = await korun.run(["run", "--", "printf", "%s|", "--help", "--", "-e"]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "--help|--|-e|" });
  });
});

test("every flag of serve reaches the session", async () => {
  await using korun = new Korun();
  writeFileSync(join(korun.work, "a file"), "");
  const flags = ["--name=web", "--cwd", "..", "-eA=1", "--env", "B=x=y", "--grace", "5s"];
  const watching = ["-w", `${korun.work}/a file`, "--ignore=*.log", "--ignore", "tmp/"];
  const more = [...watching, "--debounce", "1.5s"];
  const id = await korun.ok(["serve", ...flags, ...more, "--", "sleep", "600"]);
  expect(await korun.session(id)).toMatchObject({
    name: "web",
    cwd: korun.root,
    env_overrides: { A: "1", B: "x=y" },
    watch: [`${korun.work}/a file`],
    ignore: ["*.log", "tmp/"],
    grace_ms: 5_000,
    debounce_ms: 1_500,
    watching: { state: "armed" },
  });
});

async function listed(korun: Korun) {
  return (JSON.parse(await korun.ok(["ls", "--json"])) as SessionListReply).sessions;
}
