// A name that lives: who asks for the same session gets the one there is, who asks for another one
// learns in what it differs, and a session is never made twice.

import { expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { CreatedReply } from "../../src/api/replies.ts";
import { Korun } from "../support/korun.ts";
import { create, errorOf, listedIds, send, untilExited } from "./support/api.ts";

const WISH = { command: ["sleep", "600"], name: "web", cwd: "/", env: { TOKEN: "hunter2" } };

function ask(korun: Korun, wish: object, query = ""): Promise<Response> {
  return send(korun, "POST", { path: `/v1/sessions${query}`, body: wish });
}

test("the same asked for again is answered with the living one", async () => {
  await using korun = new Korun();
  const id = await create(korun, WISH);
  for (const query of ["", "?wait=1"]) {
    const response = await ask(korun, WISH, query);
    expect(response.status).toBe(200);
    expect(response.headers.get("location")).toBe(`/v1/sessions/${id}`);
    expect(await response.json()).toEqual({ id, state: "running", existing: true });
  }
  expect(await listedIds(korun)).toEqual([id]);
});

test("another one is a 409 that says in what, and tells no value of a variable", async () => {
  await using korun = new Korun();
  mkdirSync(join(korun.work, "src"));
  const id = await create(korun, WISH);
  const other = {
    ...WISH,
    command: ["sleep", "700"],
    watch: [join(korun.work, "src")],
    env: { TOKEN: "hunter3", MODE: "dev" },
    restart: { kind: "fixed", delay: "5s" },
    ready: { port: 3000 },
    max_rss: "1M",
    pty: true,
  };
  const error = await errorOf(await ask(korun, other));
  expect(error.message).toBe(
    `The name web is taken: session ${id} is running, with another command, watch, env.MODE, ` +
      "env.TOKEN, restart, ready, max_rss, pty",
  );
  expect(error).toMatchObject({ code: "conflict", field: "name" });
  expect(JSON.stringify(error)).not.toContain("hunter");
  expect(error.differences).toEqual([
    { field: "command", has: ["sleep", "600"], asked: ["sleep", "700"] },
    { field: "watch", has: [], asked: other.watch },
    { field: "env.MODE", has: null, asked: "a value" },
    { field: "env.TOKEN", has: "a value", asked: "another value" },
    {
      field: "restart",
      has: { kind: "never" },
      asked: { kind: "fixed", delay: 5_000, on: "any", resetAfter: 60_000 },
    },
    { field: "ready", has: [], asked: [{ port: 3000, timeout: 60_000 }] },
    { field: "max_rss", has: null, asked: 1_048_576 },
    { field: "pty", has: false, asked: true },
  ]);
  expect(await listedIds(korun)).toEqual([id]);
});

test("one that waits for its policy to start it again lives", async () => {
  await using korun = new Korun();
  const wish = { command: ["false"], name: "web", restart: { kind: "fixed", delay: "1h" } };
  const id = await create(korun, wish);
  await untilExited(korun, id);
  const again = await ask(korun, wish, "?wait=1");
  expect([again.status, await again.json()]).toEqual([
    200,
    { id, state: "exited", existing: true },
  ]);
  const other = await ask(korun, { ...wish, command: ["true"] });
  expect(other.status).toBe(409);
  expect((await errorOf(other)).message).toContain("its policy is about to start it again");
});

test("one that has come to rest does not: the same again is a new one", async () => {
  await using korun = new Korun();
  const wish = { command: ["true"], name: "job" };
  const id = await create(korun, wish);
  await untilExited(korun, id);
  const again = await ask(korun, wish);
  expect(again.status).toBe(201);
  const reply = (await again.json()) as CreatedReply;
  expect(reply.existing).toBeUndefined();
  expect(reply.id).not.toBe(id);
});

test("one that is being stopped is not taken for one that lives on", async () => {
  await using korun = new Korun();
  const script = "trap '' TERM; echo up; while :; do sleep 0.1; done";
  const wish = { command: ["sh", "-c", script], name: "web", grace: "1h" };
  const id = await create(korun, wish);
  await send(korun, "POST", { path: `/v1/sessions/${id}/stop` });
  const error = await errorOf(await ask(korun, wish));
  expect(error.message).toBe(`The name web is taken: ${id} is stopping`);
  expect(error.hint).toBe("Ask again when it has stopped.");
  await send(korun, "POST", { path: `/v1/sessions/${id}/stop?force=1` });
});

test("twenty at the same instant make one session, which all of them get", async () => {
  await using korun = new Korun();
  const results = await Promise.all(
    Array.from({ length: 20 }, () => korun.run(["serve", "--name", "web", "--", "sleep", "600"])),
  );
  const [id] = await listedIds(korun);
  expect(results.map(({ code, stdout }) => ({ code, stdout }))).toEqual(
    Array.from({ length: 20 }, () => ({ code: 0, stdout: `${id}\n` })),
  );
  const told = results.filter(({ stderr }) => stderr.includes("nothing was started"));
  expect(told.length).toBe(19);
  expect((await korun.session("web")).run).toBe(1);
});

test("the daemon that follows knows the session that was asked for", async () => {
  await using korun = new Korun();
  const flags = ["--name", "web", "--restart", "fixed:1s", "--ready-port", "1", "-e", "A=b"];
  const id = await korun.serve("exec sleep 600", flags);
  process.kill((await korun.status()).pid, "SIGKILL");
  expect(await korun.serve("exec sleep 600", flags)).toBe(id);
});

test("`korun serve` tells of it on stderr, and `--json` gives the API's own body", async () => {
  await using korun = new Korun();
  const id = await korun.serve("exec sleep 600", ["--name", "web"]);
  const again = ["serve", "--name", "web", "--", "sh", "-c", "exec sleep 600"];
  expect(await korun.run(again)).toEqual({
    code: 0,
    stdout: `${id}\n`,
    stderr: "korun: web is running already, just as asked for: nothing was started\n",
  });
  const { stdout } = await korun.run(["serve", "--json", ...again.slice(1)]);
  expect(JSON.parse(stdout)).toEqual({ id, state: "running", existing: true });
});

test("`korun serve` of another one lists what differs and exits with 1", async () => {
  await using korun = new Korun();
  await korun.serve("exec sleep 600", ["--name", "web"]);
  const { code, stderr } = await korun.run(["serve", "--name", "web", "--", "sleep", "9"]);
  expect(code).toBe(1);
  expect(stderr).toContain(
    '  command: it has ["sh","-c","exec sleep 600"], asked for was ["sleep","9"]\n',
  );
});

test("`korun run` of a living one follows its run, and a signal leaves it running", async () => {
  await using korun = new Korun();
  const script = "echo up; exec sleep 600";
  const id = await korun.serve(script, ["--name", "web"]);
  const looking = korun.spawn(["run", "--name", "web", "--", "sh", "-c", script]);
  const output = looking.stdout.getReader();
  expect(new TextDecoder().decode((await output.read()).value)).toBe("up\n");
  looking.kill("SIGINT");
  expect(await looking.exited).toBe(130);
  expect(await new Response(looking.stderr).text()).toBe(
    "korun: web is running already, just as asked for: nothing was started\n" +
      "korun: following it; Ctrl-C leaves it as it is\n",
  );
  expect(await korun.session(id)).toMatchObject({ state: "running", run: 1 });
});

test("`korun run` of a living one ends with it, with its code", async () => {
  await using korun = new Korun();
  const script = "until [ -e go ]; do sleep 0.01; done; echo over; exit 7";
  await korun.serve(script, ["--name", "web"]);
  const looking = korun.spawn(["run", "--name", "web", "--", "sh", "-c", script]);
  let told = "";
  for await (const text of looking.stderr.pipeThrough(new TextDecoderStream())) {
    told += text;
    if (told.includes("following it")) break;
  }
  await Bun.write(join(korun.work, "go"), "");
  expect(await new Response(looking.stdout).text()).toBe("over\n");
  expect(await looking.exited).toBe(7);
  expect(await listedIds(korun)).toHaveLength(1);
});
