// What is printed onto a disk that is full: one line says so, and nothing is left behind.

import { expect, test } from "bun:test";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { environment } from "./support/cli.ts";
import { always, FakeDaemon, session, textFrame } from "./support/fake-daemon.ts";

const ENTRY = join(import.meta.dir, "../../index.ts");
const TOLD = "korun: cannot write the output: no space left on device\n";

const web = session();

async function ontoFullDisk(daemon: FakeDaemon, args: readonly string[]) {
  const full = openSync("/dev/full", "w");
  const child = Bun.spawn([process.execPath, ENTRY, ...args], {
    env: environment(daemon),
    stdin: "ignore",
    stdout: full,
    stderr: "pipe",
  });
  closeSync(full);
  const [stderr, code] = await Promise.all([new Response(child.stderr).text(), child.exited]);
  return { code, stderr };
}

test.each([
  [["--version"]],
  [["--help"]],
  [["completions", "bash"]],
  [["ls"]],
  [["inspect", "web"]],
  [["stop", "web"]],
  [["tail", "web"]],
])("%j says so in one line", async (args) => {
  await using daemon = new FakeDaemon({
    "GET /v1/sessions": always({ sessions: [web] }),
    "GET /v1/sessions/web": always(web),
    "GET /v1/sessions/web/tail": always("up\n"),
    "POST /v1/sessions/web/stop": always({ ok: true, id: web.id, state: "exited" }),
  });
  expect(await ontoFullDisk(daemon, args)).toEqual({ code: 1, stderr: TOLD });
});

test.each([[[]], [["--json"]]])("serve %j tells the id all the same", async (flags) => {
  await using daemon = new FakeDaemon({
    "POST /v1/sessions": always({ id: web.id, state: "running" }, 201),
  });
  const told = await ontoFullDisk(daemon, ["serve", ...flags, "--", "app"]);
  expect(told).toEqual({ code: 1, stderr: `${TOLD}  The session is there: ${web.id}\n` });
});

test("run leaves no session behind", async () => {
  await using daemon = new FakeDaemon({
    "POST /v1/sessions": always({ id: web.id, state: "running" }, 201),
    [`POST /v1/sessions/${web.id}/stop`]: always({ ok: true, id: web.id, state: "exited" }),
    [`GET /v1/sessions/${web.id}/logs`]: ({ path }) =>
      new Response(path.includes("stdout") ? textFrame("up\n") : ""),
  });
  const told = await ontoFullDisk(daemon, ["run", "--", "app"]);
  expect(told).toEqual({ code: 1, stderr: TOLD });
  expect(daemon.lines).toContain(`POST /v1/sessions/${web.id}/stop?wait=1`);
});
