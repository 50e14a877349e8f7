import { afterEach, describe, expect, test } from "bun:test";
import { fakeSession } from "../logs/support.ts";
import { cleanUp, look, probe, startRun } from "./support.ts";

afterEach(cleanUp);

const READY = { kind: "log", text: "listening on" } as const;

describe("What a run prints", () => {
  test("is looked at from the run's beginning", async () => {
    const { log, write } = fakeSession();
    write("stdout", "listening on 3000\nlater\n");
    expect(await look(READY, startRun({ log }))).toEqual({ ok: true });
  });

  test("is looked at as it comes, on either stream", async () => {
    const { log, write } = fakeSession();
    const looking = look(READY, startRun({ log }));
    write("stdout", "starting\n");
    write("stderr", "listening on 3000\n");
    expect(await looking).toEqual({ ok: true });
  });

  test("needs no newline", async () => {
    const { log, write } = fakeSession();
    const looking = look(READY, startRun({ log }));
    write("stdout", "listen");
    write("stdout", "ing on 3000, press h for help: ");
    expect(await looking).toEqual({ ok: true });
  });

  test("is looked at as a person reads it", async () => {
    const { log, write } = fakeSession();
    write("stdout", "\x1b[1mlistening\x1b[0m \x1b[32mon\x1b[39m 3000\n");
    expect(await look(READY, startRun({ log }))).toEqual({ ok: true });
  });

  test("in an earlier run does not count", async () => {
    const { log, write, flush } = fakeSession();
    write("stdout", "listening on 3000\nlistening on");
    flush();
    const over = new AbortController();
    const looking = probe(READY, startRun({ log, number: 2 })).look(over.signal);
    write("stdout", "starting again\n", { run: 2 });
    over.abort();
    expect(await looking).toEqual({ ok: false, reason: "not printed yet" });
  });

  test("matches a regular expression line by line", async () => {
    const { log, write } = fakeSession();
    const looking = look({ kind: "regex", pattern: "^ready in \\d+ ms$" }, startRun({ log }));
    write("stdout", '{"msg":"not ready in 5 ms"}\n');
    write("stdout", "ready in 120 ms\n");
    expect(await looking).toEqual({ ok: true });
  });

  test("keeps nobody waiting, however long the expression takes", async () => {
    const { log, write } = fakeSession();
    write("stdout", `${linesOfAB().join("\n")}\nready\n`);
    let turns = 0;
    let ticking = setImmediate(function tick() {
      turns += 1;
      ticking = setImmediate(tick);
    });
    const pattern = "[ab]*a[ab]{900}[cd]|ready";
    expect(await look({ kind: "regex", pattern }, startRun({ log }))).toEqual({ ok: true });
    clearImmediate(ticking);
    expect(turns).toBeGreaterThan(10);
  });

  test("is no longer looked at once nobody waits", async () => {
    const { log, write } = fakeSession();
    const over = new AbortController();
    const looking = probe(READY, startRun({ log })).look(over.signal);
    over.abort();
    expect(await looking).toEqual({ ok: false, reason: "not printed yet" });
    write("stdout", "listening on 3000\n");
  });
});

/** Of which each makes an expression with many states go through others. */
function linesOfAB(): readonly string[] {
  let seed = 1;
  const letter = () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % 2 === 0 ? "a" : "b";
  };
  return Array.from({ length: 100 }, () => Array.from({ length: 260 }, letter).join(""));
}

test("A probe is called after what it looks at", () => {
  const words = [
    { kind: "log", text: 'say "hi"' },
    { kind: "regex", pattern: "ready in \\d+" },
    { kind: "port", port: 3000 },
    { kind: "url", url: "http://localhost:3000/", status: 204 },
    { kind: "file", path: "build/ready" },
    { kind: "command", command: ["sh", "-c", "pg_isready -q"] },
    { kind: "command", command: ["redis-cli", "ping"] },
  ] as const;
  const run = startRun();
  expect(words.map((check) => probe(check, run).what)).toEqual([
    'log "say \\"hi\\""',
    "regex /ready in \\d+/",
    "port 3000",
    "url http://localhost:3000/",
    "file build/ready",
    "command pg_isready -q",
    "command redis-cli ping",
  ]);
});
