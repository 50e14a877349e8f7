// `korun run`: a session in the foreground.

import { describe, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Reading } from "../cli/support/reading.ts";
import { Korun } from "../support/korun.ts";
import { killBoth } from "./support/deaths.ts";
import { livingOf } from "./support/processes.ts";
import { inShell, pathWithKorun } from "./support/shell.ts";
import { Terminal } from "./support/terminal.ts";

function shell(script: string): string[] {
  return ["run", "--name", "job", "--", "sh", "-c", script];
}

test("stdout goes to stdout and stderr to stderr, byte for byte", async () => {
  await using korun = new Korun();
  const bytes = new Uint8Array(600_000).map((_, place) => (place * 7_919) % 251);
  bytes.set(Buffer.from("a\r\n\r\n\r\r\nb\r"), 300_000);
  writeFileSync(join(korun.work, "bytes"), bytes);
  const child = korun.spawn(shell("cat bytes; printf 'no newline' >&2"));
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).arrayBuffer(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  expect(Buffer.from(bytes).includes("\r\n")).toBe(true);
  expect(Buffer.from(bytes).equals(new Uint8Array(stdout))).toBe(true);
  expect({ stderr, code }).toEqual({ stderr: "no newline", code: 0 });
});

test("the output is shown as it comes, and what reads it sees its end", async () => {
  await using korun = new Korun();
  const child = korun.spawn(shell("echo one; while [ ! -e go ]; do sleep 0.02; done; echo two"));
  const shown = new Reading(child.stdout);
  await shown.until("one\n");
  writeFileSync(join(korun.work, "go"), "");
  expect(await shown.all).toBe("one\ntwo\n");
  expect(await child.exited).toBe(0);
});

test("on a terminal both streams come in the order in which they were printed", async () => {
  await using korun = new Korun();
  // Two pipes have no order between them: each line is captured before the next one is printed.
  const captured = (lines: number) =>
    `until korun inspect --json job | grep -q '"blended_lines":${lines},'; do sleep 0.01; done`;
  const script = `echo out; ${captured(1)}; echo err >&2; ${captured(2)}; echo again`;
  const env = { PATH: pathWithKorun(korun) };
  await using terminal = Terminal.korun(korun, shell(script), { env });
  expect(await terminal.exited).toBe(0);
  expect(terminal.lines).toEqual(["out", "err", "again", ""]);
});

describe("the exit code is", () => {
  test.each([
    ["the command's own", "exit 42", 42],
    ["0 when all went well", "true", 0],
    ["128 + n when signal n ended it", "kill -15 $$", 143],
    ["137 when it was killed", "kill -9 $$", 137],
    ["134 when it aborted", "kill -6 $$", 134],
  ])("%s", async (_, script, code) => {
    await using korun = new Korun();
    expect(await korun.run(shell(script))).toEqual({ code, stdout: "", stderr: "" });
  });

  test.each([
    ["no-such-program", 127, "ENOENT"],
    ["/etc", 126, "EACCES"],
  ])("that of a shell when there is no such command: %s", async (command, code, reason) => {
    await using korun = new Korun();
    const failed = await korun.run(["run", "--", command]);
    expect({ code: failed.code, stdout: failed.stdout }).toEqual({ code, stdout: "" });
    expect(failed.stderr).toStartWith(`korun: cannot start ${command}: ${reason}: `);
  });
});

test("it is a session like any other, also afterwards", async () => {
  await using korun = new Korun();
  const child = korun.spawn(shell("echo hello; exec sleep 600"));
  const shown = new Reading(child.stdout);
  await shown.until("hello\n");
  expect(await korun.session("job")).toMatchObject({ state: "running", stdout_lines: 1 });
  await korun.ok(["stop", "job"]);
  expect(await child.exited).toBe(143);
  expect(await korun.lines("job")).toEqual(["hello"]);
});

test("it goes on across a restart by another command", async () => {
  await using korun = new Korun();
  const child = korun.spawn(shell("echo run; exec sleep 600"));
  const shown = new Reading(child.stdout);
  await shown.until("run\n");
  await korun.ok(["restart", "job"]);
  await shown.until("run\nrun\n");
  await korun.ok(["stop", "job"]);
  expect(await child.exited).toBe(143);
});

test("a command that reads its stdin finds it empty", async () => {
  await using korun = new Korun();
  const { code, stdout } = await korun.run(["run", "--", "cat"], { input: "not for the command" });
  expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
});

test("a reader that leaves stops the session, and korun ends without a word", async () => {
  await using korun = new Korun();
  const endless = "korun run --name job -- sh -c 'while echo y; do sleep 0.01; done'";
  const script = `${endless} | head -n 1; echo "\${PIPESTATUS[0]}"`;
  const { code, stdout, stderr } = await inShell(korun, script, { shell: "bash" });
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "y\n141\n", stderr: "" });
  expect((await korun.session("job")).state).toBe("exited");
});

test("when korun run itself is killed, the session goes on", async () => {
  await using korun = new Korun();
  const child = korun.spawn(shell("echo hello; exec sleep 600"));
  await new Reading(child.stdout).until("hello\n");
  child.kill("SIGKILL");
  await child.exited;
  const { id, state } = await korun.session("job");
  expect(state).toBe("running");
  expect(livingOf(id)).not.toEqual([]);
});

describe("with --watch it stays through a crash:", () => {
  test("the next save starts it again, and stderr says so", async () => {
    await using korun = new Korun();
    const file = join(korun.work, "app");
    writeFileSync(file, "echo broken; exit 3\n");
    const child = korun.spawn(["run", "--name", "job", "-w", "app", "--", "sh", "app"]);
    const [shown, said] = [new Reading(child.stdout), new Reading(child.stderr)];
    await said.until("korun: ended with code 3; waiting for a file change\n");
    expect(shown.text).toBe("broken\n");
    writeFileSync(file, "echo fixed; exec sleep 600\n");
    await shown.until("broken\nfixed\n");
    await said.until("korun: restarted: app was modified\n");
    child.kill("SIGINT");
    expect(await child.exited).toBe(143);
    await said.until("korun: stopping; once more kills it\n");
    expect(await korun.session("job")).toMatchObject({ state: "exited", watch_restart_count: 1 });
  });

  test("Ctrl-C while it waits for a change ends it, with the code of its last run", async () => {
    await using korun = new Korun();
    writeFileSync(join(korun.work, "app"), "exit 3\n");
    const child = korun.spawn(["run", "--name", "job", "-w", "app", "--", "sh", "app"]);
    const said = new Reading(child.stderr);
    await said.until("waiting for a file change\n");
    child.kill("SIGINT");
    expect(await child.exited).toBe(3);
    expect((await korun.session("job")).watching.state).toBe("disarmed");
  });

  test("a command that is gone after a save is told, and waited for", async () => {
    await using korun = new Korun();
    writeFileSync(join(korun.work, "app"), "#!/bin/sh\nexec sleep 600\n", { mode: 0o755 });
    const child = korun.spawn(["run", "--name", "job", "-w", "app", "--", "./app"]);
    const said = new Reading(child.stderr);
    await korun.until("job", ({ state }) => state === "running");
    rmSync(join(korun.work, "app"));
    await said.until("korun: could not start: ENOENT: no file ");
    writeFileSync(join(korun.work, "app"), "#!/bin/sh\nexit 5\n", { mode: 0o755 });
    await said.until("korun: ended with code 5; waiting for a file change\n");
    child.kill("SIGTERM");
    expect(await child.exited).toBe(5);
  });
});

test("where daemon and keeper were killed at once, it says what is not known of the end", async () => {
  await using korun = new Korun();
  const script = "echo on; until [ -e go ]; do sleep 0.01; done; exit 7";
  const child = korun.spawn(["run", "--name", "unseen", "--", "sh", "-c", script]);
  await new Reading(child.stdout).until("on\n");
  await killBoth(korun);
  await Bun.write(join(korun.work, "go"), "");
  const code = await child.exited;
  const told = await new Response(child.stderr).text();
  expect(told).toEndWith("its last output may be missing: daemon and keeper were gone\n");
  // Whoever comes next is sometimes quick enough to learn how it ended.
  expect({ code, isUnseen: told.includes("nobody saw how it ended") }).toEqual(
    code === 7 ? { code, isUnseen: false } : { code: 1, isUnseen: true },
  );
});
