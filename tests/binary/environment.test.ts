// What a command finds around it: its caller's environment, folder, mask and limits, wherever the
// daemon was started.

import { describe, expect, test } from "bun:test";
import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { Korun } from "../support/korun.ts";
import { create, send } from "./support/api.ts";
import { inShell, pathWithKorun } from "./support/shell.ts";

/** A daemon that was started somewhere else, by somebody with other habits. */
async function elsewhere(korun: Korun): Promise<void> {
  const script =
    "cd /; umask 077; ulimit -Sn 333; export DAEMONS=1 SHARED=daemon; korun daemon start";
  expect((await inShell(korun, script)).code).toBe(0);
}

/** What `korun run` prints, called in a shell after some preparation. */
async function run(korun: Korun, before: string, command: string): Promise<string> {
  const { code, stdout, stderr } = await inShell(korun, `${before}; korun run -- ${command}`);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout;
}

/** Variables by name, of `env -0`. */
function variables(text: string): Record<string, string> {
  const entries = text.split("\0").slice(0, -1);
  return Object.fromEntries(
    entries.map((entry) => [entry.split("=", 1)[0] ?? "", entry.slice(entry.indexOf("=") + 1)]),
  );
}

test("the environment is the caller's, to the byte, and nothing of the daemon's", async () => {
  await using korun = new Korun();
  await elsewhere(korun);
  const before = `export SHARED=caller ODD='a b=ü
 "x"' EMPTY=`;
  const found = variables(await run(korun, before, "env -0"));
  const { stdout } = await inShell(korun, `${before}; exec env -0`);
  const { KORUN_SESSION_ID, KORUN_RUN, _: __, ...rest } = found;
  const { _: ___, ...callers } = variables(stdout);
  expect(rest).toEqual(callers);
  expect(rest).toMatchObject({ SHARED: "caller", ODD: 'a b=ü\n "x"', EMPTY: "" });
  expect(KORUN_SESSION_ID).toMatch(/^[0-9a-f-]{36}$/);
  expect(KORUN_RUN).toBe("1");
});

test("what -e sets goes on top and is shown; what was inherited is not", async () => {
  await using korun = new Korun();
  await elsewhere(korun);
  const script = `SECRET=s3cr3t A=caller korun serve -e A=flag -e B=x=y -- sh -c 'echo "$SECRET $A $B"'`;
  const id = (await inShell(korun, script)).stdout.trimEnd();
  const session = await korun.until(id, ({ state }) => state === "exited");
  expect(await korun.lines(id)).toEqual(["s3cr3t flag x=y"]);
  expect(session.env_overrides).toEqual({ A: "flag", B: "x=y" });
  expect(JSON.stringify(session)).not.toContain("s3cr3t");
});

test("a restart, by whoever, keeps what its first caller had", async () => {
  await using korun = new Korun();
  await elsewhere(korun);
  const start =
    "umask 027; WHO=first korun serve --name web -- sh -c 'echo $WHO $(umask); exec sleep 600'";
  expect((await inShell(korun, start)).code).toBe(0);
  await korun.until("web", ({ stdout_lines }) => stdout_lines === 1);
  expect((await inShell(korun, "cd /; umask 0; WHO=other korun restart web")).code).toBe(0);
  await korun.until("web", ({ stdout_lines }) => stdout_lines === 2);
  expect(await korun.lines("web")).toEqual(["first 0027", "first 0027"]);
});

describe("the folder is", () => {
  test("the caller's own, as the caller sees it", async () => {
    await using korun = new Korun();
    await elsewhere(korun);
    mkdirSync(join(korun.work, "real"));
    symlinkSync("real", join(korun.work, "link"));
    const seen = await run(korun, "cd link", `sh -c 'echo "$PWD"; pwd -P'`);
    expect(seen).toBe(`${korun.work}/link\n${korun.work}/real\n`);
  });

  test("what --cwd says, from there", async () => {
    await using korun = new Korun();
    await elsewhere(korun);
    mkdirSync(join(korun.work, "a/b"), { recursive: true });
    const { stdout } = await inShell(korun, "cd a; korun run --cwd b -- sh -c 'echo $PWD; pwd -P'");
    expect(stdout).toBe(`${korun.work}/a/b\n`.repeat(2));
  });
});

test("the umask is the caller's", async () => {
  await using korun = new Korun();
  await elsewhere(korun);
  for (const mask of ["0022", "0007", "0000", "0777"]) {
    expect(await run(korun, `umask ${mask}`, "sh -c umask")).toBe(`${mask}\n`);
  }
});

test("the limit of open files is the caller's, soft and hard", async () => {
  await using korun = new Korun();
  await elsewhere(korun);
  const limits = "sh -c 'ulimit -Sn; ulimit -Hn'";
  const hard = (await inShell(korun, "ulimit -Hn")).stdout.trim();
  for (const soft of [256, 1_000]) {
    expect(await run(korun, `ulimit -Sn ${soft}`, limits)).toBe(`${soft}\n${hard}\n`);
  }
});

test("a session made over HTTP runs in the home and the environment of the daemon", async () => {
  await using korun = new Korun();
  await elsewhere(korun);
  const command = ["sh", "-c", "pwd; echo $DAEMONS $SHARED; umask; ulimit -Sn"];
  const id = await create(korun, { command });
  await korun.until(id, ({ state }) => state === "exited");
  expect(await korun.lines(id)).toEqual([korun.work, "1 daemon", "0077", "333"]);
  const refused = await send(korun, "POST", {
    path: "/v1/sessions",
    body: { command, inherit_env: { SECRET: "x" } },
  });
  expect(refused.status).toBe(400);
  expect(await refused.text()).toContain("inherit_env is taken over the Unix socket only");
});

test("every process of a session sees its id, and its name where it has one", async () => {
  await using korun = new Korun();
  const show = `sh -c '(echo "$KORUN_SESSION_ID \${KORUN_NAME-none}")'`;
  const named = await inShell(korun, `korun serve --name web -- ${show}`);
  const nameless = await inShell(
    korun,
    `KORUN_NAME=old KORUN_SESSION_ID=old korun serve -- ${show}`,
  );
  for (const [{ stdout }, name] of [
    [named, "web"],
    [nameless, "none"],
  ] as const) {
    const id = stdout.trimEnd();
    await korun.until(id, ({ state }) => state === "exited");
    expect(await korun.lines(id)).toEqual([`${id} ${name}`]);
  }
});

test("a session started from within a session is one of its own", async () => {
  await using korun = new Korun();
  const env = { PATH: pathWithKorun(korun) };
  const outer = await korun.serve(
    "korun serve --name inner -- sleep 600; echo done; exec sleep 600",
    ["--name", "outer"],
    { env },
  );
  await korun.until(outer, ({ stdout_lines }) => stdout_lines === 2);
  await korun.ok(["stop", "outer"]);
  expect(await korun.session("inner")).toMatchObject({ state: "running", env_overrides: {} });
});

test("stdin is empty, the signals are the usual ones, and no descriptor is passed on", async () => {
  await using korun = new Korun();
  await elsewhere(korun);
  const script = "cat; ls /proc/self/fd | wc -l; grep -E '^Sig(Ign|Blk)' /proc/self/status";
  const ignoring = "trap '' INT QUIT TERM HUP PIPE";
  const { stdout } = await inShell(
    korun,
    `${ignoring}; korun run -- sh -c "${script}" 9</dev/null`,
  );
  // 0, 1, 2, and the one that ls looks with.
  expect(stdout).toBe("4\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
});

test("a session that cannot go back to its folder says so, and can when it is there again", async () => {
  await using korun = new Korun();
  const folder = join(korun.work, "app");
  mkdirSync(folder);
  await korun.serve("pwd; exec sleep 600", ["--name", "web", "--cwd", folder]);
  rmSync(folder, { recursive: true });
  const { code, stderr } = await korun.run(["restart", "web"]);
  expect(code).toBe(1);
  expect(stderr).toContain(`ENOENT: working directory ${folder} is gone`);
  mkdirSync(folder);
  expect(await korun.ok(["restart", "web"])).toBe("web restarted");
});

test("the limit of open files is the caller's, also of a shell that becomes korun", async () => {
  await using korun = new Korun();
  const limited = 'ulimit -n 777; exec korun run -- sh -c "ulimit -n"';
  expect((await inShell(korun, limited)).stdout).toBe("777\n");
  // The last command of a subshell is run in its place.
  expect((await inShell(korun, `(${limited})`, { shell: "bash" })).stdout).toBe("777\n");
});
