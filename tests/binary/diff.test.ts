// `korun diff` and `korun digest`, on real processes.

import { describe, expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DiffReply } from "../../src/api/diffing.ts";
import type { DigestReply } from "../../src/api/digesting.ts";
import { Korun } from "../support/korun.ts";
import { waitFor } from "../support/wait.ts";

/** A session that goes on printing when files of this name are made: `say 1`, `say 2`, `end`. */
const TALKER = `echo up; i=1
  while [ ! -e end ]; do
    if [ -e "say $i" ]; then echo "said $i"; i=$((i + 1)); fi; sleep 0.01
  done`;

async function say(korun: Korun, id: string, count: number): Promise<void> {
  writeFileSync(join(korun.work, `say ${count}`), "");
  await waitFor("it to speak", async () => (await korun.lines(id)).includes(`said ${count}`));
}

async function diff(korun: Korun, ...args: string[]): Promise<DiffReply> {
  return JSON.parse(await korun.ok(["diff", "--json", ...args])) as DiffReply;
}

describe("korun diff", () => {
  test("shows what is new to each reader, each line once, across the daemon's death", async () => {
    await using korun = new Korun();
    const id = await korun.serve(TALKER);
    await say(korun, id, 1);
    expect(await korun.ok(["diff", id])).toBe("[stdout] up\n[stdout] said 1");
    expect(await korun.ok(["diff", id])).toBe("");
    await say(korun, id, 2);
    const { pid } = await korun.status();
    process.kill(pid, "SIGKILL");
    await waitFor("another daemon", async () => (await korun.status()).pid !== pid);
    await say(korun, id, 3);
    expect(await korun.ok(["diff", id])).toBe("[stdout] said 2\n[stdout] said 3");
    expect((await diff(korun, id, "--cursor", "other")).entries.map(({ line }) => line)).toEqual([
      "up",
      "said 1",
      "said 2",
      "said 3",
    ]);
    expect(await korun.ok(["diff", id])).toBe("");
  });

  test("takes the oldest lines first, and begins with whole ones", async () => {
    await using korun = new Korun();
    const id = await korun.serve("seq 100; echo 'last one'; printf 'open'; exec sleep 600");
    await korun.ok(["expect", id, "open"]);
    expect(await korun.ok(["diff", id, "-n", "2"])).toBe("[stdout] 1\n[stdout] 2");
    const next = await diff(korun, id, "-n", "97");
    expect([next.entries[0]?.line, next.entries.at(-1)?.line, next.more]).toEqual([
      "3",
      "99",
      true,
    ]);
    const rest = await diff(korun, id);
    expect(rest.entries.map(({ line }) => line)).toEqual(["100", "last one"]);
    expect(rest.open_lines).toEqual([{ stream: "stdout", line: "open" }]);
  });

  test("says how many lines were gone, and shows all that are there", async () => {
    await using korun = new Korun();
    const id = await korun.serve("seq 50000");
    await korun.until(id, ({ state }) => state === "exited");
    const shown = (await korun.ok(["diff", id])).split("\n");
    const [missed = "", first = ""] = shown;
    const dropped = Number(/^\[korun\] missed (\d+) lines$/.exec(missed)?.[1]);
    expect(dropped).toBe(30_000);
    expect([first, shown.at(-1), shown.length]).toEqual([
      "[stdout] 30001",
      "[stdout] 50000",
      20_001,
    ]);
    expect(await korun.ok(["diff", id])).toBe("");
  });

  test("goes with its session", async () => {
    await using korun = new Korun();
    const id = await korun.serve("echo one");
    await korun.until(id, ({ state }) => state === "exited");
    await korun.ok(["diff", id]);
    await korun.ok(["rm", id]);
    expect(await korun.run(["diff", id])).toMatchObject({ code: 1, stdout: "" });
    expect(existsSync(join(korun.home, "sessions", id))).toBe(false);
  });
});

test("korun digest sums up a run", async () => {
  await using korun = new Korun();
  const script = `i=0; while [ $i -lt 200 ]; do i=$((i+1)); echo "GET /users/$i 200"; done
    printf '\\033[31mERROR\\033[0m boom\\n    at here\\n' >&2; echo '{"level":40,"msg":"slow"}'`;
  const id = await korun.serve(script, ["--name", "api"]);
  await korun.until(id, ({ state }) => state === "exited");
  const reply = JSON.parse(await korun.ok(["digest", "--json", "api"])) as DigestReply;
  expect(reply).toMatchObject({
    run: 1,
    lines: 203,
    complete: true,
    levels: { trace: 0, debug: 0, info: 200, warn: 1, error: 1 },
    errors: [{ count: 1, line: "ERROR boom", stream: "stderr" }],
    repeated: [{ count: 200, shape: "GET /users/<n> <n>" }],
  });
  const shown = (await korun.ok(["digest", "api"])).split("\n");
  expect(shown.slice(0, 2)).toEqual(["run 1: 203 lines", "1 error, 1 warn, 200 info"]);
  expect(shown).toContain("     200 × GET /users/<n> <n>");
});
