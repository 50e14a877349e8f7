import { afterEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { basename, join } from "node:path";
import { describeHolder, findPortHolder, portProblem } from "../../src/daemon/port-holder.ts";
import { Problem } from "../../src/domain/problem.ts";

const isRoot = process.geteuid?.() === 0;
const hasIPv6 = Object.values(networkInterfaces())
  .flat()
  .some((address) => address?.family === "IPv6");

const LISTENER = `
  const server = require("node:net").createServer().listen(0, process.argv[1], () => {
    console.log(server.address().port);
  });
`;

const HOME = "/home/ada/korun";

/** Says what a daemon does, with its own pid unless told otherwise. */
const DAEMON = `
  const told = JSON.parse(process.argv[1]);
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () =>
    Response.json({ service: "korun", pid: process.pid, version: "9", ...told }, told) });
  console.log(server.port);
`;

const servers: Server[] = [];
const children: Bun.Subprocess[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) server.close();
  for (const child of children.splice(0)) {
    child.kill("SIGKILL");
    await child.exited;
  }
});

test.each(["127.0.0.1", "0.0.0.0", ...(hasIPv6 ? ["::"] : [])])(
  "the holder of a port on %s is named with its pid",
  async (address) => {
    const { pid, port } = await listenElsewhere(address);
    expect(await findPortHolder(port)).toEqual({ pid, name: basename(process.execPath) });
  },
);

// A machine without IPv6 has no such address.
test.if(hasIPv6)("who listens where korun does not is not blamed", async () => {
  const { port } = await listenElsewhere("::1");
  expect(await findPortHolder(port)).toEqual({});
});

test("a port that nobody listens on has no holder", async () => {
  const port = await listenHere();
  expect((await findPortHolder(port)).pid).toBe(process.pid);
  await new Promise((resolve) => servers.pop()?.close(resolve));
  expect(await findPortHolder(port)).toEqual({});
});

test("a port that is only connected to has no holder", async () => {
  const port = await listenHere();
  const connection = await Bun.connect({ hostname: "127.0.0.1", port, socket: { data() {} } });
  const { localPort } = connection;
  expect(await findPortHolder(localPort)).toEqual({});
  connection.end();
});

// Only root can drop to another user, whose descriptors are then not for it to see.
test.if(isRoot && Bun.which("setpriv") !== null)(
  "a holder whose descriptors are hidden is named by its user",
  async () => {
    const port = await listenHere();
    const script = `
      const { findPortHolder } = await import(${JSON.stringify(import.meta.resolve("../../src/daemon/port-holder.ts"))});
      console.log(JSON.stringify(await findPortHolder(${port})));
    `;
    const asNobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    const { stdout } = Bun.spawnSync([...asNobody, process.execPath, "-e", script]);
    expect(JSON.parse(stdout.toString())).toEqual({ user: "root" });
  },
);

test("a holder is described by what is known of it", () => {
  expect(describeHolder({ pid: 412, name: "node" })).toBe("pid 412 (node)");
  expect(describeHolder({ pid: 412 })).toBe("pid 412");
  expect(describeHolder({ user: "alice" })).toBe("a process of alice");
  expect(describeHolder({})).toBe("another process");
});

test("a port that is taken is a problem that names the holder and the way out", async () => {
  const { pid, port } = await listenElsewhere("127.0.0.1");
  const problem = await portProblem({ home: HOME, port }, systemError("EADDRINUSE"));
  expect(problem).toBeInstanceOf(Problem);
  const { message, hint } = problem as Problem;
  expect(message).toStartWith(`port ${port} is held by pid ${pid} (`);
  expect(hint).toContain("KORUN_PORT");
});

describe("a port that a korun daemon holds is a problem that names its home, and the way to end", () => {
  test("one whose home is this one, and was removed under it", async () => {
    const { pid, port } = await listenAsDaemon({ home: HOME });
    const { message, hint } = await problemAt(port);
    expect(message).toStartWith(`port ${port} is held by the korun daemon of ${HOME} (pid ${pid})`);
    expect(hint).toContain(`curl -X POST http://127.0.0.1:${port}/v1/daemon/stop`);
  });

  test("one of another home that was removed", async () => {
    const { port } = await listenAsDaemon({ home: "/gone" });
    expect((await problemAt(port)).hint).toContain("/v1/daemon/stop");
  });

  test("one of another home", async () => {
    const home = mkdtempSync(join(tmpdir(), "korun's-"));
    const { pid, port } = await listenAsDaemon({ home });
    const record = { pid, version: "9", startedAt: "", port, socket: join(home, "korun.sock") };
    writeFileSync(join(home, "daemon.lock"), JSON.stringify(record));
    const { message, hint } = await problemAt(port);
    rmSync(home, { recursive: true });
    expect(message).toBe(`port ${port} is held by the korun daemon of ${home} (pid ${pid})`);
    expect(hint).toContain("KORUN_PORT");
    expect(hint).toEndWith(`KORUN_HOME='${home.replace("'", "'\\''")}' korun daemon stop`);
  });
});

test.each([
  ["says it with the pid of another", { home: HOME, pid: 1 }],
  ["is no daemon", { service: "other", home: HOME }],
  ["says too little", {}],
  ["refuses", { home: HOME, status: 403 }],
])("who %s is a stranger", async (_, told) => {
  const { pid, port } = await listenAsDaemon(told);
  expect((await problemAt(port)).message).toStartWith(`port ${port} is held by pid ${pid} (`);
});

test("a port that is the system's is a problem with the same way out", async () => {
  const problem = (await portProblem({ home: HOME, port: 80 }, systemError("EACCES"))) as Problem;
  expect(problem.message).toBe("port 80 is not for this user to use");
  expect(problem.hint).toContain("such as 81");
});

test("a failure that is not the port's is passed on as it is", async () => {
  const failure = systemError("EMFILE");
  expect(await portProblem({ home: HOME, port: 7777 }, failure)).toBe(failure);
});

async function listenHere(): Promise<number> {
  const server = createServer().unref();
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function problemAt(port: number): Promise<Problem> {
  return (await portProblem({ home: HOME, port }, systemError("EADDRINUSE"))) as Problem;
}

function listenElsewhere(address: string) {
  return listenBy(LISTENER, address);
}

function listenAsDaemon(told: object) {
  return listenBy(DAEMON, JSON.stringify(told));
}

async function listenBy(program: string, word: string) {
  const child = Bun.spawn([process.execPath, "-e", program, word], { stdout: "pipe" });
  children.push(child);
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  return { pid: child.pid, port: Number(new TextDecoder().decode(value)) };
}

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}
