import { describe, expect, test } from "bun:test";
import { Client, type ClientOptions } from "../../src/client/client.ts";
import { readChunks, readFrames } from "../../src/client/frames.ts";
import { VERSION } from "../../src/client/version.ts";
import { Problem } from "../../src/domain/problem.ts";
import { type Answers, always, FakeDaemon, Feed, refusal } from "../cli/support/fake-daemon.ts";

function clientOf(daemon: FakeDaemon, options: Partial<ClientOptions> = {}): Client {
  return new Client({
    socket: daemon.socket,
    revive: async () => undefined,
    rescue: async () => undefined,
    onOtherVersion() {},
    ...options,
  });
}

async function problemOf(call: Promise<unknown>): Promise<Problem> {
  const thrown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (thrown instanceof Problem) return thrown;
  throw new Error("it was expected to be refused", { cause: thrown });
}

test("a reply is its text and what the text says", async () => {
  const text = '{"sessions": []}\n';
  await using daemon = new FakeDaemon({ "GET /v1/sessions": always(text) });
  expect(await clientOf(daemon).list()).toEqual({ text, body: { sessions: [] } });
});

test.each([".", ".."])("%j is no session, and no other endpoint is asked", async (dots) => {
  await using daemon = new FakeDaemon({});
  const client = clientOf(daemon);
  const calls = [
    client.inspect(dots),
    client.stop(dots, { wait: true }),
    client.stats(dots),
    client.remove(dots),
    client.log(dots, { action: "logs", query: { format: "json" } }),
  ];
  for (const problem of await Promise.all(calls.map(problemOf))) {
    expect(problem).toMatchObject({
      code: "not_found",
      message: `No session is called ${dots} or has an id like it`,
    });
  }
  expect(daemon.asked).toEqual([]);
});

test("an error is the Problem in its envelope", async () => {
  await using daemon = new FakeDaemon({
    "GET /v1/sessions/web": () =>
      Response.json(
        {
          error: {
            code: "conflict",
            message: "no",
            field: "name",
            expected: "another",
            hint: "Choose.",
          },
        },
        { status: 409 },
      ),
  });
  expect(await problemOf(clientOf(daemon).inspect("web"))).toMatchObject({
    code: "conflict",
    message: "no",
    field: "name",
    expected: "another",
    hint: "Choose.",
  });
});

test.each([
  ["without an envelope", () => new Response("oops", { status: 502 }), /answered 502/],
  ["in place of JSON", () => new Response("oops"), /not JSON/],
])("an answer %s is a Problem", async (_, answer, message) => {
  await using daemon = new FakeDaemon({ "GET /v1/sessions": answer });
  const problem = await problemOf(clientOf(daemon).list());
  expect(problem.code).toBe("internal");
  expect(problem.message).toMatch(message);
});

describe("when nobody answers", () => {
  test("it is a Problem with the remedy", async () => {
    await using daemon = new FakeDaemon();
    const problem = await problemOf(clientOf(daemon).list());
    expect(problem.code).toBe("unavailable");
    expect(problem.hint).toContain("korun daemon start");
  });

  test("the daemon that was found or started is asked, once", async () => {
    await using gone = new FakeDaemon();
    await using daemon = new FakeDaemon({ "GET /v1/sessions": always({ sessions: [] }) });
    let revived = 0;
    const client = clientOf(gone, {
      async revive() {
        revived += 1;
        return daemon.socket;
      },
    });
    await client.list();
    await client.list();
    expect(revived).toBe(1);
    expect(daemon.lines).toHaveLength(2);
  });

  test("and what was found is gone before it is asked, the next one is", async () => {
    await using gone = new FakeDaemon();
    await using daemon = new FakeDaemon({ "GET /v1/sessions": always({ sessions: [] }) });
    const found = [gone.socket, daemon.socket];
    await clientOf(gone, { revive: async () => found.shift() }).list();
    expect(daemon.lines).toHaveLength(1);
  });

  test("and none can be had, the request is given up", async () => {
    await using daemon = new FakeDaemon();
    let revived = 0;
    const client = clientOf(daemon, {
      async revive() {
        revived += 1;
        return daemon.socket;
      },
    });
    expect((await problemOf(client.list())).code).toBe("unavailable");
    expect(revived).toBe(3);
  });

  test("why it could not be started is what is thrown", async () => {
    await using daemon = new FakeDaemon();
    const reason = new Problem("unavailable", "pid 1 holds port 7777");
    const client = clientOf(daemon, { revive: () => Promise.reject(reason) });
    expect(await problemOf(client.list())).toBe(reason);
  });
});

test("a daemon that goes away in the middle of an answer is not asked again", async () => {
  await using home = new FakeDaemon();
  let asked = 0;
  using _server = Bun.listen({
    unix: home.socket,
    socket: {
      data(socket) {
        asked += 1;
        socket.end("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{");
      },
    },
  });
  const client = clientOf(home, { revive: async () => home.socket });
  const problem = await problemOf(client.send("web", { text: "y" }));
  expect(problem.code).toBe("unavailable");
  expect(problem.message).toStartWith("the daemon went away");
  expect(asked).toBe(1);
});

describe("a daemon that dies over a request", () => {
  /** Takes the first request and dies; then it is the one that answers. */
  async function dyingOnce(answers: Answers, act: (client: Client) => Promise<void>) {
    await using next = new FakeDaemon(answers);
    await using home = new FakeDaemon();
    const heard: string[] = [];
    using _server = Bun.listen({
      unix: home.socket,
      socket: {
        data(socket, data) {
          heard.push(data.toString());
          socket.terminate();
        },
      },
    });
    const found = async () => next.socket;
    await act(clientOf(home, { revive: found, rescue: found }));
    return { heard, next };
  }

  test("of a new session: the next one is asked for the same, under the same name", async () => {
    const names: (string | null)[] = [];
    const { heard } = await dyingOnce(
      {
        "POST /v1/sessions": (_, { headers }) => {
          names.push(headers.get("korun-request"));
          return Response.json({ id: "an id", state: "running" }, { status: 201 });
        },
      },
      async (client) => {
        const { body } = await client.create({ command: ["true"] });
        expect(body.id).toBe("an id");
      },
    );
    expect(heard).toHaveLength(1);
    const [name] = names;
    expect(name).toMatch(/^[\da-f-]{36}$/);
    expect(heard[0]?.toLowerCase()).toContain(`korun-request: ${name}\r\n`);
    expect(names).toHaveLength(1);
  });

  const session = (facts: object) => always({ id: "an id", state: "running", ...facts });
  const earlier = new Date(Date.now() - 60_000).toISOString();
  const later = () => new Date(Date.now() + 1).toISOString();

  test("to restart, after it was taken: it is not asked again", async () => {
    const { next } = await dyingOnce(
      { "GET /v1/sessions/web": (...asked) => session({ last_started_at: later() })(...asked) },
      async (client) => {
        const { body, text } = await client.restart("web", { wait: true });
        expect(body).toEqual({ ok: true, id: "an id", state: "running" });
        expect(JSON.parse(text)).toEqual(body);
      },
    );
    expect(next.lines).toEqual(["GET /v1/sessions/web"]);
  });

  test("to restart, while the session starts: the end of that is waited for", async () => {
    let looks = 0;
    const { next } = await dyingOnce(
      {
        "GET /v1/sessions/web": (...asked) => {
          looks += 1;
          const state = looks < 3 ? "starting" : "running";
          return session({ state, last_started_at: state === "running" ? later() : earlier })(
            ...asked,
          );
        },
      },
      async (client) => {
        expect((await client.restart("web", { wait: true })).body.state).toBe("running");
      },
    );
    expect(next.lines).toEqual(Array(3).fill("GET /v1/sessions/web"));
  });

  test.each(["running", "stopping"])(
    "to restart, with the session %s as before: it is asked again",
    async (state) => {
      const { next } = await dyingOnce(
        {
          "GET /v1/sessions/web": session({ state, last_started_at: earlier }),
          "POST /v1/sessions/web/restart": always({ ok: true, id: "an id", state: "starting" }),
        },
        async (client) => {
          expect((await client.restart("web", { wait: false })).body.state).toBe("starting");
        },
      );
      expect(next.lines).toEqual(["GET /v1/sessions/web", "POST /v1/sessions/web/restart"]);
    },
  );
});

describe("a daemon that is about to end", () => {
  const ending = { "POST /v1/sessions": () => refusal(503, "unavailable", "shutting down") };

  test("is followed by one that makes the session", async () => {
    await using first = new FakeDaemon(ending);
    await using next = new FakeDaemon({
      "POST /v1/sessions": always({ id: "an id", state: "running" }, 201),
    });
    const client = clientOf(first, { succeed: async () => next.socket });
    expect((await client.create({ command: ["true"] })).body.id).toBe("an id");
    expect([first.lines, next.lines]).toEqual([
      ["POST /v1/sessions?wait=1"],
      ["POST /v1/sessions?wait=1"],
    ]);
  });

  test("has the last word where none can follow", async () => {
    await using first = new FakeDaemon(ending);
    for (const options of [{}, { succeed: async () => undefined }]) {
      const problem = await problemOf(clientOf(first, options).create({ command: ["true"] }));
      expect(problem.message).toBe("shutting down");
    }
  });

  test("is not followed for what only it can tell", async () => {
    await using first = new FakeDaemon({
      "GET /v1/sessions": () => refusal(503, "unavailable", "shutting down"),
    });
    const client = clientOf(first, { succeed: () => Promise.reject(new Error("asked")) });
    expect((await problemOf(client.list())).message).toBe("shutting down");
  });
});

test("another version is told once, and the same never", async () => {
  await using other = new FakeDaemon({ "GET /v1/sessions": always({ sessions: [] }) }, "9.9.9");
  await using same = new FakeDaemon({ "GET /v1/sessions": always({ sessions: [] }) }, VERSION);
  const told: string[] = [];
  const onOtherVersion = (theirs: string) => void told.push(theirs);
  const client = clientOf(other, { onOtherVersion });
  await client.list();
  await client.list();
  await clientOf(same, { onOtherVersion }).list();
  expect(told).toEqual(["9.9.9"]);
});

test("a proxy in the environment is none of the daemon's business", async () => {
  await using daemon = new FakeDaemon({ "GET /v1/sessions": always({ sessions: [] }) });
  const before = process.env.http_proxy;
  process.env.http_proxy = "http://127.0.0.1:1";
  try {
    expect((await clientOf(daemon).list()).body).toEqual({ sessions: [] });
  } finally {
    if (before === undefined) delete process.env.http_proxy;
    else process.env.http_proxy = before;
  }
});

describe("a followed log", () => {
  const query = { format: "json", follow: true } as const;

  test("gives frames as they come, whole, however the bytes are cut", async () => {
    const feed = new Feed();
    await using daemon = new FakeDaemon({ "GET /v1/sessions/web/logs": feed.answer });
    const bytes = new TextEncoder().encode('{"seq":1,"line":"ö"}\n{"missed":2,"next_seq":4}\n');
    for (const byte of bytes) feed.push(new Uint8Array([byte]));
    feed.end();
    const log = await clientOf(daemon).log("web", { action: "logs", query });
    const frames: unknown[] = [];
    for await (const some of readFrames(log)) frames.push(...some);
    expect(frames).toEqual([
      { seq: 1, line: "ö" },
      { missed: 2, next_seq: 4 },
    ]);
  });

  test("ends when it is aborted, and the daemon sees it", async () => {
    const feed = new Feed();
    await using daemon = new FakeDaemon({ "GET /v1/sessions/web/logs": feed.answer });
    const leaving = new AbortController();
    const { signal } = leaving;
    feed.push("one");
    const log = await clientOf(daemon).log("web", { action: "logs", query, signal });
    const chunks: string[] = [];
    for await (const chunk of readChunks(log, signal)) {
      chunks.push(new TextDecoder().decode(chunk));
      leaving.abort();
    }
    expect(chunks).toEqual(["one"]);
    await feed.gone;
  });

  test("is left when its consumer stops reading", async () => {
    const feed = new Feed();
    await using daemon = new FakeDaemon({ "GET /v1/sessions/web/logs": feed.answer });
    feed.push("one");
    const log = await clientOf(daemon).log("web", { action: "logs", query });
    for await (const _ of readChunks(log)) break;
    await feed.gone;
  });

  test("that is refused is a Problem", async () => {
    await using daemon = new FakeDaemon({
      "GET /v1/sessions/web/logs": () => refusal(404, "not_found", "no session web"),
    });
    const call = clientOf(daemon).log("web", { action: "logs", query });
    expect((await problemOf(call)).code).toBe("not_found");
  });
});
