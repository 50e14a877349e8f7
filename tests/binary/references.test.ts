// A session is named by its UUID, by a unique beginning of that of four characters or more, or by
// its name: at every route and in every command that takes one.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { ENDPOINTS } from "../../src/api/endpoints/all.ts";
import { COMMANDS } from "../../src/cli/commands.ts";
import { isGroup } from "../../src/cli/line/signature.ts";
import { Korun } from "../support/korun.ts";
import { errorOf } from "./support/api.ts";

const korun = new Korun();

/** An id that begins so, and that no session of another korun on this machine has. */
const idFrom = (beginning: string) => `${beginning}${crypto.randomUUID().slice(beginning.length)}`;

/** The first one has an id like no other's; the two after it begin alike. */
const WEB = idFrom("1a2b3c4d");
const ONE = idFrom("beef0001");
const OTHER = idFrom("beef0002");

/** All that names the first session. */
const REFERENCES = [WEB, WEB.toUpperCase(), "1a2b", "1A2B3C4D", WEB.slice(0, 13), "web"];

beforeAll(async () => {
  const names = { [WEB]: "web", [ONE]: "one", [OTHER]: "other" };
  for (const [id, name] of Object.entries(names)) {
    const body = JSON.stringify({
      command: ["sh", "-c", "echo ready; exec cat"],
      name,
      pty: true,
      ready: { log: "ready" },
    });
    const headers = { "korun-request": id };
    const created = await korun.fetch("/v1/sessions?wait=1", { method: "POST", body, headers });
    expect(await created.json()).toMatchObject({ id });
    await korun.ok(["wait", name]);
  }
});

afterAll(() => korun[Symbol.asyncDispose]());

/** What must be given to endpoints beside the session. */
const QUERIES: Readonly<Record<string, string>> = {
  awaitSession: "?for=running",
  expectOutput: "?pattern=ready",
  restartSession: "?wait=1",
};

const BODIES: Readonly<Record<string, object>> = {
  sendInput: { text: "x", enter: true },
  resizeTerminal: { cols: 80, rows: 24 },
};

const ofSessions = ENDPOINTS.filter(({ path }) => path.includes("{id}"));

describe.each(ofSessions.map((endpoint) => [`${endpoint.method} ${endpoint.path}`, endpoint]))(
  "%s",
  (_, { name, method, path }) => {
    const ask = (reference: string) => {
      const body = BODIES[name];
      const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
      return korun.fetch(`${path.replace("{id}", reference)}${QUERIES[name] ?? ""}`, init);
    };

    test("finds the session by all that names it", async () => {
      for (const reference of REFERENCES) {
        const response = await ask(reference);
        if (name === "removeSession") {
          // It is found, and lives.
          expect((await errorOf(response)).message).toBe(
            "Cannot remove session web: it is running",
          );
        } else if (name === "attachTerminal") {
          expect((await errorOf(response)).field).toBe("upgrade");
        } else {
          const text = await response.text();
          expect([reference, response.status < 300 ? "found" : text]).toEqual([reference, "found"]);
          if (name !== "listRuns") expect(text).toContain(WEB);
        }
        if (name === "stopSession") await korun.ok(["restart", "web"]);
        await korun.ok(["wait", "web"]);
      }
    });

    test("knows no session of that name, of so short a beginning, or of two", async () => {
      for (const [reference, status, hint] of [
        ["nobody", 404, "List the sessions with: korun ls"],
        ["1a2", 404, "The beginning of an id needs 4 characters."],
        ["beef", 409, `Give more of the one you mean: ${ONE}, ${OTHER}`],
        [idFrom("1a2b3c4d"), 404, "List the sessions with: korun ls"],
      ] as const) {
        const response = await ask(reference);
        expect([reference, response.status]).toEqual([reference, status]);
        expect((await errorOf(response)).hint).toStartWith(hint);
      }
    });
  },
);

/** What follows a session on the command line of each command that takes one. */
const LINES: Readonly<Record<string, readonly string[]>> = {
  inspect: [],
  why: [],
  runs: [],
  wait: ["--for", "running"],
  stats: [],
  logs: [],
  tail: [],
  head: [],
  expect: ["ready"],
  diff: [],
  digest: [],
  send: ["x", "--enter"],
  restart: [],
  stop: [],
  rm: [],
  // It needs a terminal: what it says of others is that there is no session.
  attach: [],
};

test("every command that takes a session is known here", async () => {
  const taking: string[] = [];
  for (const load of Object.values(COMMANDS)) {
    const command = await load();
    if (!isGroup(command) && command.words?.offer === "sessions") taking.push(command.name);
  }
  expect(taking.toSorted()).toEqual(Object.keys(LINES).toSorted());
});

describe.each(Object.keys(LINES).map((name) => [name, LINES[name] ?? []] as const))(
  "korun %s",
  (name, rest) => {
    test("finds the session by all that names it", async () => {
      if (name === "attach" || name === "rm") return;
      for (const reference of REFERENCES) {
        const { code, stderr } = await korun.run([name, reference, ...rest]);
        expect({ reference, code, stderr }).toEqual({ reference, code: 0, stderr: "" });
        if (name === "stop") await korun.ok(["restart", "web"]);
      }
    });

    test("knows no session of that name, of so short a beginning, or of two", async () => {
      for (const [reference, words] of [
        ["nobody", "No session is called nobody"],
        ["1a2", "needs 4 characters"],
        ["beef", "beef is the beginning of 2 session ids"],
      ] as const) {
        const { code, stderr } = await korun.run([name, reference, ...rest]);
        expect(stderr).toContain(words);
        expect([reference, code > 0]).toEqual([reference, true]);
      }
    });
  },
);

describe("korun rm", () => {
  for (const reference of REFERENCES) {
    test(`forgets the session that ${reference} names`, async () => {
      const headers = { "korun-request": WEB };
      const body = JSON.stringify({ command: ["true"], name: "web" });
      await korun.run(["stop", WEB]);
      await korun.run(["rm", WEB]);
      await korun.fetch("/v1/sessions?wait=1", { method: "POST", body, headers });
      await korun.ok(["wait", "--for", "exit", WEB]);
      expect(await korun.run(["rm", reference])).toMatchObject({ code: 0, stderr: "" });
      expect((await korun.run(["inspect", WEB])).code).toBe(1);
    });
  }
});
