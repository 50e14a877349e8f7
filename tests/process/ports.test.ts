import { afterEach, describe, expect, test } from "bun:test";
import { networkInterfaces } from "node:os";
import { listeningSockets, netlinkListeners, procListeners } from "../../src/native/listeners.ts";
import { parseLsof } from "../../src/process/lsof.ts";
import { findListeners, listeners, portsOf } from "../../src/process/ports.ts";
import { scanProcesses } from "../../src/process/tree.ts";
import { BUN, cleanUp, LISTENER, startSession } from "./sessions.ts";

const hasIPv6 = Object.values(networkInterfaces())
  .flat()
  .some((address) => address?.family === "IPv6");

const opened: { stop(): void }[] = [];

afterEach(async () => {
  for (const server of opened.splice(0)) server.stop();
  await cleanUp();
});

function listen(hostname: string, port = 0): number {
  const server = Bun.listen({ hostname, port, socket: { data() {} } });
  opened.push(server);
  return server.port;
}

describe.if(process.platform === "linux")("Who listens", () => {
  test("is found with its pid and name, on both addresses of the loopback", async () => {
    const port = listen("127.0.0.1");
    if (hasIPv6) listen("::1", port);
    const found = await findListeners(port);
    expect(found.map(({ address }) => address).toSorted()).toEqual(
      hasIPv6 ? ["127.0.0.1", "::1"] : ["127.0.0.1"],
    );
    const { pid, startTime, name } = scanProcesses().get(process.pid) ?? {};
    for (const one of found) {
      expect(one).toMatchObject({ port, pid, startTime, name });
      expect(one.uid).toBe(process.geteuid?.() ?? -1);
      expect(one.inode).toBeGreaterThan(0);
    }
  });

  test.each(["0.0.0.0", ...(hasIPv6 ? ["::"] : [])])("on all addresses is %s", async (any) => {
    const [found] = await findListeners(listen(any));
    expect(found?.address).toBe(any);
  });

  test("is nobody once the port is closed, and another socket when it is opened again", async () => {
    const port = listen("127.0.0.1");
    const [first] = await findListeners(port);
    opened.pop()?.stop();
    expect(await findListeners(port)).toEqual([]);
    listen("127.0.0.1", port);
    const [second] = await findListeners(port);
    expect(second?.inode).not.toBe(first?.inode ?? 0);
  });

  test("is not who is connected", async () => {
    const port = listen("127.0.0.1");
    const client = await Bun.connect({ hostname: "127.0.0.1", port, socket: { data() {} } });
    expect(await findListeners(client.localPort)).toEqual([]);
    client.end();
  });

  test("is the one who opened the socket, though its children have it too", async () => {
    const script = `
      const { spawn } = require("node:child_process");
      const server = require("node:net").createServer().listen(0, "127.0.0.1", () => {
        spawn("sleep", ["600"], { stdio: ["ignore", "inherit", "inherit", server._handle.fd] });
        console.log(process.pid + " " + server.address().port);
      });
    `;
    const session = startSession(["node", "-e", script]);
    const [, pid, port] = await session.printed(/^(\d+) (\d+)$/m);
    const found = await findListeners(Number(port));
    expect(found.map((one) => one.pid)).toEqual([Number(pid)]);
    expect(found[0]?.name).toBe("node");
  });

  test("in a session is told by its tree, and by port", async () => {
    const session = startSession([
      "sh",
      "-c",
      `'${BUN}' '${LISTENER}' & '${BUN}' '${LISTENER}'; :`,
    ]);
    const stranger = listen("127.0.0.1");
    await session.printed(/\n.*\n/);
    const lines = session.output().trim().split("\n");
    const expected = lines.map((line) => line.split(" ").map(Number));
    const ports = await portsOf(scanProcesses().session(session));
    expect(ports.map(({ pid, port }) => [pid, port])).toEqual(
      expected.toSorted((one, other) => (one[1] ?? 0) - (other[1] ?? 0)),
    );
    const all = await listeners();
    const pids = new Map(all.map(({ port, pid }) => [port, pid]));
    for (const [pid = 0, port = 0] of expected) expect(pids.get(port)).toBe(pid);
    expect(pids.get(stranger)).toBe(process.pid);
    expect(all.map(({ port }) => port)).toEqual(
      all.map(({ port }) => port).toSorted((a, b) => a - b),
    );
  });

  test("is the same by netlink and by /proc", () => {
    const port = listen("127.0.0.1");
    if (hasIPv6) listen("::1", port);
    const byProc = procListeners(port);
    expect(byProc).toHaveLength(hasIPv6 ? 2 : 1);
    expect(netlinkListeners(port) ?? byProc).toEqual(byProc);
    expect(listeningSockets(port)).toEqual(byProc);
  });

  test("is told in one answer, however many there are", () => {
    const ports = Array.from({ length: 600 }, () => listen("127.0.0.1"));
    const found = new Set(netlinkListeners()?.map(({ port }) => port));
    expect(ports.filter((port) => !found.has(port))).toEqual([]);
  });
});

test("What lsof prints is read: addresses, all of them, and several sockets of a process", () => {
  const output = `\
p412
cnode
u501
f23
tIPv4
d0x7f12
n127.0.0.1:3000
f24
tIPv6
d0x7f13
n[::1]:3000
p99
cnginx
u0
f6
tIPv4
d0x8000
n*:80
f7
tIPv6
d0x8001
n*:80
`;
  const node = { uid: 501, pid: 412, name: "node", port: 3_000 };
  const nginx = { uid: 0, pid: 99, name: "nginx", port: 80 };
  expect(parseLsof(output)).toEqual([
    { ...node, address: "127.0.0.1", inode: 0x7f12 },
    { ...node, address: "::1", inode: 0x7f13 },
    { ...nginx, address: "0.0.0.0", inode: 0x8000 },
    { ...nginx, address: "::", inode: 0x8001 },
  ]);
  expect(parseLsof("")).toEqual([]);
});
