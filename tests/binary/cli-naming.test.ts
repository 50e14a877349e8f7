// Which session a command means: a UUID, the beginning of one, a name, or nothing at all.

import { describe, expect, test } from "bun:test";
import { FakeDaemon, refusal } from "../cli/support/fake-daemon.ts";
import { Korun } from "../support/korun.ts";

test("a session is named by its UUID, in either case, by its beginning, or by its name", async () => {
  await using korun = new Korun();
  const id = await korun.serve("exec sleep 600", ["--name", "web"]);
  await korun.serve("exec sleep 600", ["--name", "other"]);
  for (const reference of [id, id.toUpperCase(), id.slice(0, 8), id.slice(0, 14), "web"]) {
    expect((await korun.session(reference)).id).toBe(id);
  }
});

describe("the beginning of an id", () => {
  test("must have 4 characters", async () => {
    await using korun = new Korun();
    const id = await korun.serve("exec sleep 600");
    expect((await korun.session(id.slice(0, 4))).id).toBe(id);
    const { code, stderr } = await korun.run(["inspect", id.slice(0, 3)]);
    expect(code).toBe(1);
    expect(stderr).toContain("The beginning of an id needs 4 characters.");
  });

  test("that is one of several is refused, with all of them", async () => {
    const message = "9b2d is the beginning of 2 session ids";
    const hint = "Give more of the one you mean: 9b2d6c33-…, 9b2d7f01-…";
    await using daemon = new FakeDaemon({
      "POST /v1/sessions/9b2d/stop": () => refusal(409, "conflict", message, hint),
      "GET /v1/sessions/9b2d": () => refusal(409, "conflict", message, hint),
    });
    await using korun = new Korun({ KORUN_HOME: daemon.home });
    for (const command of ["inspect", "stop"]) {
      expect(await korun.run([command, "9b2d"])).toEqual({
        code: 1,
        stdout: "",
        stderr: `korun: ${message}\n  ${hint}\n`,
      });
    }
  });
});

test("a name means its living session, else the newest that has it", async () => {
  await using korun = new Korun();
  const first = await korun.serve("exit 1", ["--name", "web"]);
  await korun.until(first, ({ state }) => state === "exited");
  const second = await korun.serve("exit 2", ["--name", "web"]);
  await korun.until(second, ({ state }) => state === "exited");
  expect((await korun.session("web")).id).toBe(second);
  await korun.ok(["rm", second]);
  expect((await korun.session("web")).id).toBe(first);
  const living = await korun.serve("exec sleep 600", ["--name", "web"]);
  expect((await korun.session("web")).id).toBe(living);
});

test("a name that a living session has is refused, with the way out", async () => {
  await using korun = new Korun();
  const id = await korun.serve("exec sleep 600", ["--name", "web"]);
  const { code, stdout, stderr } = await korun.run(["serve", "--name", "web", "--", "sleep", "9"]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toStartWith(`korun: The name web is taken: session ${id} is running, with `);
  expect(stderr).toContain("korun stop web");
});

describe("with no id", () => {
  test("the only active session is meant, by every command that takes one", async () => {
    await using korun = new Korun();
    const over = await korun.serve("echo over");
    await korun.until(over, ({ state }) => state === "exited");
    const id = await korun.serve("echo hello; exec sleep 600", ["--name", "web"]);
    await korun.until(id, ({ stdout_lines }) => stdout_lines === 1);
    expect(await korun.ok(["inspect"])).toContain(id);
    for (const command of ["logs", "tail", "head"]) {
      expect(await korun.ok([command])).toBe("[stdout] hello");
    }
    expect(await korun.ok(["restart", "--json"])).toBe(
      JSON.stringify({ ok: true, id, state: "running" }),
    );
    expect(await korun.ok(["stop", "--json"])).toBe(
      JSON.stringify({ ok: true, id, state: "exited" }),
    );
  });

  test("several active ones are an error that names them", async () => {
    await using korun = new Korun();
    const web = await korun.serve("exec sleep 600", ["--name", "web"]);
    const nameless = await korun.serve("exec sleep 600");
    const { code, stdout, stderr } = await korun.run(["tail"]);
    expect({ code, stdout, stderr }).toEqual({
      code: 1,
      stdout: "",
      stderr:
        "korun: 2 sessions are active\n" +
        `  Say which one: web (${web.slice(0, 8)}), ${nameless.slice(0, 8)}.\n`,
    });
  });

  test("none at all is an error that says how to start one", async () => {
    await using korun = new Korun();
    await korun.ok(["daemon", "start"]);
    const { code, stderr } = await korun.run(["inspect"]);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: "korun: no active session\n  Start one: korun serve -- COMMAND\n",
    });
  });
});
