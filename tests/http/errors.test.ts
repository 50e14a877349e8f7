import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { Problem } from "../../src/domain/problem.ts";
import { exchangeRaw, statusOf } from "./support/raw.ts";
import { errorOf, startTestServer, type TestServer } from "./support/server.ts";

let server: TestServer;

beforeEach(async () => {
  server = await startTestServer();
});

afterEach(async () => {
  await server[Symbol.asyncDispose]();
});

async function ask(path: string, init?: RequestInit) {
  const response = await fetch(`${server.url}${path}`, init);
  const error = await errorOf(response);
  return { status: response.status, headers: response.headers, error };
}

describe("paths and methods", () => {
  test("an unknown path is a 404 envelope", async () => {
    for (const path of ["/", "/v1", "/v2/sessions", "/v1/sessions/a/b", "/v1/sessions/a/logs/x"]) {
      const { status, error } = await ask(path);
      expect([path, status, error.code]).toEqual([path, 404, "not_found"]);
    }
  });

  test("a trailing slash or an empty id is another path, and so unknown", async () => {
    await server.session();
    for (const path of ["/v1/sessions/", "/healthz/", "/v1/sessions//logs"]) {
      const { status, error } = await ask(path);
      expect([path, status, error.code]).toEqual([path, 404, "not_found"]);
    }
    expect((await ask("/v1/sessions/", { method: "POST" })).status).toBe(404);
  });

  test("where an id is empty, a variable may be unset", async () => {
    for (const path of ["/v1/sessions/", "/v1/sessions//logs"]) {
      expect((await ask(path)).error.hint).toStartWith("Is a variable unset?");
    }
    for (const path of ["/healthz/", "/v1/sessions/a/b", "/v1//sessions"]) {
      expect((await ask(path)).error.hint).toBeUndefined();
    }
  });

  test("a known path with another method is a 405 that names the methods there are", async () => {
    const cases = [
      ["PUT", "/healthz", "GET, HEAD"],
      ["PATCH", "/v1/sessions", "GET, HEAD, POST"],
      ["POST", "/v1/sessions/x", "GET, HEAD, DELETE"],
      ["GET", "/v1/sessions/x/stop", "POST"],
      ["DELETE", "/v1/sessions/x/logs", "GET, HEAD"],
      ["OPTIONS", "/v1/sessions", "GET, HEAD, POST"],
      ["GET", "/v1/daemon/stop", "POST"],
    ] as const;
    for (const [method, path, allow] of cases) {
      const { status, headers, error } = await ask(path, { method });
      expect([path, status, headers.get("allow")]).toEqual([path, 405, allow]);
      expect(error.code).toBe("method_not_allowed");
    }
  });

  test("HEAD answers what GET would, without the body", async () => {
    const response = await fetch(`${server.url}/healthz`, { method: "HEAD" });
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(await response.text()).toBe("");
  });

  test("a broken percent-encoding in an id is a 400, a whole one is decoded", async () => {
    for (const id of ["%zz", "%", "%e0%a4", "%ff"]) {
      const answer = await exchangeRaw(
        { port: server.port },
        `GET /v1/sessions/${id} HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n\r\n`,
      );
      expect([id, statusOf(answer)]).toEqual([id, 400]);
      expect(answer).toContain('"code":"bad_request"');
    }
    const session = await server.session();
    const escaped = session.id.replaceAll("-", "%2D");
    expect((await fetch(`${server.url}/v1/sessions/${escaped}`)).status).toBe(200);
  });

  test("a path of 8000 characters is a 404 like any other", async () => {
    const { status, error } = await ask(`/${"a".repeat(8_000)}`);
    expect(status).toBe(404);
    expect(error.message.length).toBeLessThan(200);
  });
});

describe("query parameters", () => {
  const bad = [
    ["limit=abc", "limit"],
    ["limit=-1", "limit"],
    ["limit=1.5", "limit"],
    ["limit=", "limit"],
    ["limit=1e3", "limit"],
    ["limit=99999999999999999999", "limit"],
    ["since_seq=x", "since_seq"],
    ["since_seq=-1", "since_seq"],
    ["stream=foo", "stream"],
    ["stream=STDOUT", "stream"],
    ["follow=maybe", "follow"],
    ["follow=", "follow"],
    ["format=xml", "format"],
    ["limit=1&limit=2", "limit"],
    ["lines=5", "lines"],
    ["__proto__=1", "__proto__"],
  ] as const;

  test.each(bad)("%s is a 400 that names the parameter", async (query, field) => {
    const session = await server.session();
    for (const endpoint of ["logs", "tail"]) {
      const { status, error } = await ask(`/v1/sessions/${session.id}/${endpoint}?${query}`);
      expect([status, error.code, error.field]).toEqual([400, "bad_request", field]);
      expect(error.message).toContain(field);
    }
  });

  test("an unknown parameter is answered with the known ones, a bad choice with the choices", async () => {
    const session = await server.session();
    const unknown = await ask(`/v1/sessions/${session.id}/logs?lines=5`);
    expect(unknown.error.expected).toBe(
      "one of stream, limit, run, format, since_seq, follow, paced, reader, open, grep, regex, level, since, until, ansi",
    );
    const choice = await ask(`/v1/sessions/${session.id}/logs?stream=foo`);
    expect(choice.error.expected).toBe("one of blended, stdout, stderr");
  });

  test("head takes neither follow nor since_seq", async () => {
    const session = await server.session();
    for (const parameter of ["follow", "since_seq"]) {
      const { status, error } = await ask(`/v1/sessions/${session.id}/head?${parameter}=1`);
      expect([status, error.field]).toEqual([400, parameter]);
    }
  });

  test("endpoints without parameters take none, and actions only wait", async () => {
    const session = await server.session();
    for (const path of ["/healthz", "/v1/daemon", "/v1/sessions", `/v1/sessions/${session.id}`]) {
      expect((await ask(`${path}?x=1`)).error.field).toBe("x");
    }
    const stop = await ask(`/v1/sessions/${session.id}/stop?wait=yes`, { method: "POST" });
    expect([stop.status, stop.error.field]).toEqual([400, "wait"]);
  });
});

describe("what others throw", () => {
  test("each Problem has its status, and all that it says is in the envelope", async () => {
    const statuses = {
      bad_request: 400,
      command_not_found: 400,
      not_executable: 400,
      forbidden: 403,
      not_found: 404,
      conflict: 409,
      unavailable: 503,
    } as const;
    for (const [code, wanted] of Object.entries(statuses)) {
      const options = { field: "cwd", expected: "a directory", hint: "Make it." };
      const known = code as keyof typeof statuses;
      server.directory.refusal = new Problem(known, "It is not so", options);
      const body = JSON.stringify({ command: ["x"] });
      const { status, error } = await ask("/v1/sessions", { method: "POST", body });
      expect([code, status]).toEqual([code, wanted]);
      expect(error).toEqual({
        code: known,
        message: "It is not so",
        field: "cwd",
        expected: "a directory",
        hint: "Make it.",
      });
    }
  });

  test("a defect is a 500 envelope that says nothing of itself, and is reported", async () => {
    server.directory.refusal = new TypeError("secret of the house");
    const body = JSON.stringify({ command: ["x"] });
    const { status, error } = await ask("/v1/sessions", { method: "POST", body });
    expect([status, error.code]).toEqual([500, "internal"]);
    expect(JSON.stringify(error)).not.toContain("secret");
    expect(server.defects).toEqual([server.directory.refusal]);
  });

  test("an impossible transition is a 409", async () => {
    const session = await server.session();
    session.refusal = new Problem("conflict", "Cannot stop: it is exited already");
    for (const action of ["stop", "restart"]) {
      const { status, error } = await ask(`/v1/sessions/${session.id}/${action}`, {
        method: "POST",
      });
      expect([status, error.code]).toEqual([409, "conflict"]);
    }
  });
});
