// Who listens on this machine, and who keeps a session from a port that it wants.

import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { PortListReply } from "../../src/api/stats.ts";
import { Korun } from "../support/korun.ts";
import { waitFor } from "../support/wait.ts";
import { untilPrinted } from "./support/api.ts";

const SERVER = `'${process.execPath}' '${join(import.meta.dir, "../fixtures/process/listener.ts")}'`;

/** A server of this process on a port of the loopback. */
function stranger(): { readonly port: number } & Disposable {
  const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  return { port: server.port, [Symbol.dispose]: () => server.stop(true) };
}

async function listed(korun: Korun, port: number): Promise<PortListReply["ports"]> {
  const text = await korun.ok(["ports", "--json", String(port)]);
  return (JSON.parse(text) as PortListReply).ports;
}

test("ports names sessions and strangers, and the daemon itself", async () => {
  await using korun = new Korun();
  using held = stranger();
  const id = await korun.serve(`setsid ${SERVER} & wait`, ["--name", "web"]);
  const [, pid = "", port = ""] = await untilPrinted(korun, id, /^(\d+) (\d+)$/);
  const { ports } = await korun.json<PortListReply>("/v1/ports");
  const byPort = new Map(ports.map((one) => [one.port, one]));
  expect(byPort.get(Number(port))).toMatchObject({
    ...{ address: "127.0.0.1", pid: Number(pid), session: { id, name: "web" } },
    wanted_by: [],
  });
  expect(byPort.get(held.port)).toMatchObject({ pid: process.pid, session: null, wanted_by: [] });
  const daemon = await korun.status();
  expect(byPort.get(daemon.port)).toMatchObject({ pid: daemon.pid, session: null });

  const table = await korun.ok(["ports", port]);
  const [titles, row] = table.split("\n");
  expect(titles).toMatch(/^PORT +ADDRESS +PID +NAME +USER +SESSION +WANTED BY$/);
  expect(row?.split(/ {2,}/).slice(0, 3)).toEqual([port, "127.0.0.1", pid]);
  expect(row?.split(/ {2,}/).slice(-2)).toEqual(["web", "-"]);
});

test("a port that nobody holds any more is listed no more", async () => {
  await using korun = new Korun();
  const id = await korun.serve(SERVER);
  const [, , port = ""] = await untilPrinted(korun, id, /^(\d+) (\d+)$/);
  expect(await listed(korun, Number(port))).toHaveLength(1);
  await korun.ok(["stop", id]);
  expect(await listed(korun, Number(port))).toEqual([]);
  const { code, stderr } = await korun.run(["ports", port]);
  expect([code, stderr]).toEqual([0, `korun: nobody listens on port ${port}\n`]);
});

describe("a port that a session wants and a stranger holds", () => {
  test("says so while the session waits for it", async () => {
    await using korun = new Korun();
    using held = stranger();
    const id = await korun.serve("exec sleep 600", [
      ...["--name", "web", "--ready-port", String(held.port), "--ready-timeout", "1h"],
    ]);
    const wanted = { id, name: "web" };
    expect(await listed(korun, held.port)).toMatchObject([
      { pid: process.pid, wanted_by: [wanted] },
    ]);
    expect(await korun.ok(["ports", String(held.port)])).toMatch(/ web$/);
    await korun.ok(["stop", "web"]);
    expect(await listed(korun, held.port)).toMatchObject([{ wanted_by: [] }]);
  });

  test("says so of a loopback URL, and after the session failed for it", async () => {
    await using korun = new Korun();
    using held = stranger();
    const url = `http://localhost:${held.port}/up`;
    const id = await korun.serve("echo address already in use >&2; exit 1", ["--ready-url", url]);
    await korun.until(id, ({ state }) => state === "exited");
    expect(await listed(korun, held.port)).toMatchObject([{ wanted_by: [{ id, name: null }] }]);
  });

  test("is the session's own once the stranger has left", async () => {
    await using korun = new Korun();
    const held = stranger();
    const { port } = held;
    const script = `until ${SERVER} ${port}; do sleep 0.01; done`;
    const id = await korun.serve(script, ["--name", "web", "--ready-port", String(port)]);
    expect(await listed(korun, port)).toMatchObject([{ session: null, wanted_by: [{ id }] }]);
    held[Symbol.dispose]();
    const [one] = await waitFor("the session to listen", async () => {
      const found = await listed(korun, port);
      return found.length > 0 ? found : undefined;
    });
    expect(one).toMatchObject({ session: { id }, wanted_by: [] });
  });
});

test("ports are listed without a daemon, and none is started for them", async () => {
  await using korun = new Korun();
  using held = stranger();
  expect(await listed(korun, held.port)).toMatchObject([{ pid: process.pid, session: null }]);
  expect((await korun.run(["daemon", "status"])).code).not.toBe(0);
});
