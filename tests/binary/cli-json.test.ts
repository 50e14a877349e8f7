// `--json` is the API's own body, in every command that has it.

import { expect, test } from "bun:test";
import { Korun } from "../support/korun.ts";

/** A session at rest with three lines, of which nothing changes any more. */
async function atRest(korun: Korun): Promise<string> {
  const id = await korun.serve("echo one; echo two >&2; echo three", ["--name", "web"]);
  await korun.until(id, ({ state }) => state === "exited");
  return id;
}

/** What `korun` prints, to the byte. */
async function printed(korun: Korun, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await korun.run(args);
  expect([args, code, stderr]).toEqual([args, 0, ""]);
  return stdout;
}

async function answered(korun: Korun, path: string): Promise<string> {
  return await (await korun.fetch(path)).text();
}

test("ls and inspect print what the API answers, byte for byte", async () => {
  await using korun = new Korun();
  const id = await atRest(korun);
  expect(await printed(korun, "ls", "--json")).toBe(await answered(korun, "/v1/sessions"));
  const session = await answered(korun, `/v1/sessions/${id}`);
  expect(await printed(korun, "inspect", "web", "--json")).toBe(session);
  expect(await printed(korun, "inspect", "--json", id.slice(0, 6))).toBe(session);
});

test("logs, tail and head print what the API answers, byte for byte", async () => {
  await using korun = new Korun();
  const id = await atRest(korun);
  const pairs: [args: string[], path: string][] = [
    [["logs", "web"], "logs"],
    [["tail", "web", "-n", "1"], "tail?limit=1"],
    [["head", "web", "-n1", "--stream=stderr"], "head?limit=1&stream=stderr"],
    [["logs", id, "--since-seq", "2", "--stream", "stdout"], "logs?since_seq=2&stream=stdout"],
    [["logs", "web", "-f", "-n", "2"], "logs?follow=1&limit=2"],
    [["tail", "-f", "web"], "tail?follow=1"],
    [["head", "-f", "web"], "logs?follow=1&since_seq=0"],
  ];
  for (const [args, path] of pairs) {
    const body = await answered(korun, `/v1/sessions/${id}/${path}`);
    expect(await printed(korun, ...args, "--json")).toBe(body);
    expect(await printed(korun, ...args, "--format", "json")).toBe(body);
    expect(body).toContain('"line":');
  }
});

test("serve, restart, stop and rm print the body of what they did, one a session", async () => {
  await using korun = new Korun();
  const body = await printed(korun, "serve", "--json", "--", "sleep", "600");
  const { id } = JSON.parse(body) as { id: string };
  expect(body).toBe(`${JSON.stringify({ id, state: "running" })}\n`);
  const other = await korun.serve("exec sleep 600");
  function bodies(state: string): string {
    return [id, other].map((one) => `${JSON.stringify({ ok: true, id: one, state })}\n`).join("");
  }
  expect(await printed(korun, "restart", "--json", id, other)).toBe(bodies("running"));
  expect(await printed(korun, "stop", "--json", "--all")).toBe(bodies("exited"));
  expect(await printed(korun, "rm", "--json", "--all")).toBe(bodies("exited"));
});

test("what fails has no body: the reason is on stderr", async () => {
  await using korun = new Korun();
  await korun.ok(["daemon", "start"]);
  for (const args of [
    ["inspect", "x"],
    ["stop", "x"],
    ["logs", "x"],
    ["rm", "x"],
  ]) {
    const { code, stdout, stderr } = await korun.run([...args, "--json"]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toStartWith("korun: No session is called x or has an id like it\n");
  }
});

test("daemon start, status and stop print what the API answers", async () => {
  await using korun = new Korun();
  const { uptime_ms: _, ...started } = JSON.parse(
    await printed(korun, "daemon", "start", "--json"),
  );
  const { uptime_ms: __, ...status } = JSON.parse(
    await printed(korun, "daemon", "status", "--json"),
  );
  const { uptime_ms: ___, ...body } = await korun.json<Record<string, unknown>>("/v1/daemon");
  expect(started).toEqual(body);
  expect(status).toEqual(body);
  expect(await printed(korun, "daemon", "stop", "--json")).toBe('{"ok":true}\n');
});
