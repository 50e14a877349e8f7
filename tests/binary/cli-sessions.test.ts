// `korun stop`, `restart`, `rm` and `ls`: one session, several, or all of them.

import { describe, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import type { SessionListReply } from "../../src/api/replies.ts";
import { Korun } from "../support/korun.ts";
import { livingOf } from "./support/processes.ts";

const FOREVER = "exec sleep 600";
/** Has heard of SIGTERM and stays. */
const STUBBORN = "trap '' TERM; echo ready; while :; do sleep 0.05; done";

async function stubborn(korun: Korun, flags: readonly string[] = []): Promise<string> {
  const id = await korun.serve(STUBBORN, ["--grace", "10m", ...flags]);
  await korun.until(id, ({ stdout_lines }) => stdout_lines === 1);
  return id;
}

describe("stop", () => {
  test("returns when everything has ended, and what it printed last can be read", async () => {
    await using korun = new Korun();
    const script = "trap 'echo bye; exit 7' TERM; echo ready; while :; do sleep 0.02; done";
    const id = await korun.serve(script, ["--name", "web"]);
    await korun.until(id, ({ stdout_lines }) => stdout_lines === 1);
    expect(await korun.ok(["stop", "web"])).toBe("web stopped");
    expect(livingOf(id)).toEqual([]);
    expect(await korun.session(id)).toMatchObject({ state: "exited", exit_code: 7, pid: null });
    expect(await korun.lines(id, "stdout")).toEqual(["ready", "bye"]);
  });

  test("of one that is stopped is no error", async () => {
    await using korun = new Korun();
    const id = await korun.serve("true", ["--name", "web"]);
    await korun.until(id, ({ state }) => state === "exited");
    expect(await korun.run(["stop", "web"])).toEqual({
      code: 0,
      stdout: "web was not running\n",
      stderr: "",
    });
    expect(await korun.ok(["stop", "web", "--json"])).toBe(
      JSON.stringify({ ok: true, id, state: "exited" }),
    );
  });

  test("takes several, and one that fails does not keep the others from being done", async () => {
    await using korun = new Korun();
    const ids = [await korun.serve(FOREVER, ["--name", "a"]), await korun.serve(FOREVER)];
    const [, second = ""] = ids;
    const { code, stdout, stderr } = await korun.run(["stop", "a", "nobody", second]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: `a stopped\n${second} stopped\n` });
    expect(stderr).toStartWith("korun: No session is called nobody");
    for (const id of ids) expect((await korun.session(id)).state).toBe("exited");
  });

  test("--no-wait returns while it is still stopping, and --force kills", async () => {
    await using korun = new Korun();
    const id = await stubborn(korun, ["--name", "web"]);
    expect(await korun.ok(["stop", "web", "--no-wait"])).toBe("web is stopping");
    expect((await korun.session(id)).state).toBe("stopping");
    expect(livingOf(id)).not.toEqual([]);
    expect(await korun.ok(["stop", "web", "--force"])).toBe("web stopped");
    expect(await korun.session(id)).toMatchObject({ state: "exited", term_signal: "SIGKILL" });
    expect(livingOf(id)).toEqual([]);
  });

  test("--all means every session, and of those at rest there is nothing to say", async () => {
    await using korun = new Korun();
    const over = await korun.serve("true", ["--name", "over"]);
    await korun.until(over, ({ state }) => state === "exited");
    const ids = [await korun.serve(FOREVER, ["--name", "a"]), await stubborn(korun)];
    const [a = "", b = ""] = ids;
    expect(await korun.ok(["stop", "--all", "--force"])).toBe(
      `a stopped\n${b.slice(0, 8)} stopped`,
    );
    for (const id of [a, b]) expect(livingOf(id)).toEqual([]);
    expect(await korun.run(["stop", "--all"])).toEqual({ code: 0, stdout: "", stderr: "" });
  });
});

describe("restart", () => {
  test("returns when it runs again, under the same id", async () => {
    await using korun = new Korun();
    const id = await korun.serve(FOREVER, ["--name", "web"]);
    const before = await korun.session(id);
    expect(await korun.ok(["restart", "web"])).toBe("web restarted");
    const after = await korun.session(id);
    expect(after).toMatchObject({ state: "running", run: 2, manual_restart_count: 1 });
    expect(after.last_restart_cause).toEqual({ kind: "manual" });
    expect(after.pid).not.toBe(before.pid);
  });

  test("takes several; --all means those that are active", async () => {
    await using korun = new Korun();
    const over = await korun.serve("true", ["--name", "over"]);
    await korun.until(over, ({ state }) => state === "exited");
    await korun.serve(FOREVER, ["--name", "a"]);
    await korun.serve(FOREVER, ["--name", "b"]);
    expect(await korun.ok(["restart", "--all"])).toBe("a restarted\nb restarted");
    expect(await korun.ok(["restart", "b", "over"])).toBe("b restarted\nover restarted");
    const runs = await Promise.all(["a", "b", "over"].map((name) => korun.session(name)));
    expect(runs.map(({ run }) => run)).toEqual([2, 3, 2]);
  });

  test("--no-wait returns at once", async () => {
    await using korun = new Korun();
    const id = await stubborn(korun, ["--name", "web"]);
    expect(await korun.ok(["restart", "web", "--no-wait"])).toBe("web is restarting");
    // The first run never ends by itself.
    expect(await korun.session(id)).toMatchObject({ run: 1, state: "stopping" });
    await korun.ok(["stop", "web", "--force"]);
  });

  test("of a command that is gone says why, and is a failure", async () => {
    await using korun = new Korun();
    const program = `${korun.work}/program`;
    writeFileSync(program, "#!/bin/sh\nexec sleep 600\n", { mode: 0o755 });
    const id = await korun.ok(["serve", "--name", "web", "--", program]);
    rmSync(program);
    const { code, stdout, stderr } = await korun.run(["restart", "web"]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toBe(`korun: web: cannot start again: ENOENT: no file ${program}\n`);
    expect((await korun.session(id)).state).toBe("failed");
  });
});

describe("rm", () => {
  test("forgets one at rest, and refuses one that is alive", async () => {
    await using korun = new Korun();
    const id = await korun.serve(FOREVER, ["--name", "web"]);
    const refused = await korun.run(["rm", "web"]);
    expect({ code: refused.code, stdout: refused.stdout }).toEqual({ code: 1, stdout: "" });
    expect(refused.stderr).toStartWith("korun: Cannot remove session web: it is running\n");
    expect(refused.stderr).toContain("korun stop web");
    await korun.ok(["stop", "web"]);
    expect(await korun.ok(["rm", id])).toBe(`${id} removed`);
    expect((await korun.run(["inspect", "web"])).code).toBe(1);
    expect(await listed(korun)).toEqual([]);
  });

  test("--all means those at rest", async () => {
    await using korun = new Korun();
    const living = await korun.serve(FOREVER, ["--name", "living"]);
    for (const name of ["a", "b"]) {
      await korun.until(await korun.serve("true", ["--name", name]), (it) => it.state === "exited");
    }
    expect(await korun.ok(["rm", "--all"])).toBe("a removed\nb removed");
    expect((await listed(korun)).map(({ id }) => id)).toEqual([living]);
    expect(await korun.run(["rm", "--all"])).toEqual({
      code: 0,
      stdout: "",
      stderr: "korun: no session to remove\n",
    });
  });
});

test("ls shows all sessions in creation order, and how each ended", async () => {
  await using korun = new Korun();
  const over = await korun.serve("exit 3", ["--name", "over"]);
  await korun.until(over, ({ state }) => state === "exited");
  const killed = await korun.serve("kill -9 $$");
  await korun.until(killed, ({ state }) => state === "exited");
  await korun.run(["serve", "--name", "typo", "--", "no-such-program"]);
  const living = await korun.ok(["serve", "--name", "web", "--", "sleep", "600"]);
  const { pid } = await korun.session(living);
  const short = (await listed(korun)).map(({ id }) => id.slice(0, 8));
  const [title, ...rows] = (await korun.ok(["ls"])).split("\n");
  expect(title).toMatch(/^NAME +ID +STATE +PID +UPTIME +RESTARTS +COMMAND$/);
  const cells = rows.map((row) => row.split(/ {2,}/).filter((_, place) => place !== 4));
  expect(cells).toEqual([
    ["over", over.slice(0, 8), "exited(3)", "-", "0", "sh -c 'exit 3'"],
    ["-", killed.slice(0, 8), "exited(SIGKILL)", "-", "0", "sh -c 'kill -9 $$'"],
    ["typo", short[2] ?? "", "failed", "-", "0", "no-such-program"],
    ["web", living.slice(0, 8), "running", String(pid), "0", "sleep 600"],
  ]);
});

async function listed(korun: Korun) {
  return (JSON.parse(await korun.ok(["ls", "--json"])) as SessionListReply).sessions;
}
