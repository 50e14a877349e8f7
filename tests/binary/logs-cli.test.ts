// `korun logs`, `tail` and `head`.

import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LogEntry } from "../../src/api/log-replies.ts";
import { Reading } from "../cli/support/reading.ts";
import { Korun } from "../support/korun.ts";
import { waitFor } from "../support/wait.ts";
import { inShell } from "./support/shell.ts";

const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g;

/** A session that goes on printing when files of this name are made: `say 1`, `say 2`, `end`. */
const TALKER = `echo up; i=1
  while [ ! -e end ]; do
    if [ -e "say $i" ]; then echo "said $i"; i=$((i + 1)); fi; sleep 0.01
  done`;

function make(korun: Korun, file: string): void {
  writeFileSync(join(korun.work, file), "");
}

test("tail and logs show the newest lines, head the oldest, 100 unless told otherwise", async () => {
  await using korun = new Korun();
  const id = await korun.serve("seq 250", ["--name", "web"]);
  await korun.until(id, ({ state }) => state === "exited");
  const show = async (...args: string[]) => numbers(await korun.ok([...args, "web"]));
  expect(await show("tail", "-n", "2")).toEqual([249, 250]);
  expect(await show("logs", "-n2")).toEqual([249, 250]);
  expect(await show("head", "--limit=2")).toEqual([1, 2]);
  expect(await show("head", "-n", "0")).toEqual([]);
  for (const [command, first, last] of [
    ["tail", 151, 250],
    ["head", 1, 100],
  ] as const) {
    const shown = await show(command);
    expect([shown.length, shown[0], shown.at(-1)]).toEqual([100, first, last]);
  }
  expect(await show("logs", "--since-seq", "248")).toEqual([248, 249, 250]);
  expect(await show("logs", "--since-seq", "248", "-n", "1")).toEqual([248]);
  expect(await show("tail", "--since-seq=251")).toEqual([]);
});

test("one stream is what the command wrote, blended names the stream of each line", async () => {
  await using korun = new Korun();
  const id = await korun.serve("printf 'out\\n\\377\\000\\nend'; printf 'err\\n' >&2");
  await korun.until(id, ({ state }) => state === "exited");
  const show = async (...args: string[]) => {
    const child = korun.spawn(["logs", id, ...args]);
    return Buffer.from(await new Response(child.stdout).arrayBuffer()).toString("latin1");
  };
  expect(await show("--stream", "stdout")).toBe("out\n\xff\0\nend");
  expect(await show("--stream=stderr")).toBe("err\n");
  const blended = (await show()).split("\n").sort();
  expect(blended).toEqual(["", "[stderr] err", "[stdout] end", "[stdout] out", "[stdout] \xff\0"]);
  expect((await show("--stream", "blended")).split("\n").sort()).toEqual(blended);
});

test("-t shows when each line came", async () => {
  await using korun = new Korun();
  const id = await korun.serve("echo one; echo two >&2", ["--name", "web"]);
  await korun.until(id, ({ state }) => state === "exited");
  const page = await korun.json<{ entries: LogEntry[] }>(`/v1/sessions/${id}/logs`);
  const lines = page.entries.map(({ ts, stream, line }) => `${ts} [${stream}] ${line}`);
  for (const args of [
    ["logs", "-t"],
    ["tail", "--times"],
    ["head", "-t"],
    ["tail", "-ft"],
  ]) {
    expect((await korun.ok([...args, "web"])).split("\n")).toEqual(lines);
  }
  const stdout = await korun.ok(["tail", "-t", "--stream", "stdout", "web"]);
  expect(stdout.replaceAll(TIME, "TIME")).toBe("TIME one");
});

describe("-f", () => {
  test("goes on with what comes, and ends when the session is at rest", async () => {
    await using korun = new Korun();
    await korun.serve(TALKER, ["--name", "web"]);
    const child = korun.spawn(["tail", "-f", "web"]);
    const shown = new Reading(child.stdout);
    await shown.until("[stdout] up\n");
    make(korun, "say 1");
    await shown.until("[stdout] said 1\n");
    make(korun, "end");
    expect(await child.exited).toBe(0);
    expect(await shown.all).toBe("[stdout] up\n[stdout] said 1\n");
  });

  test("stays across restarts, and while a watch can revive the session", async () => {
    await using korun = new Korun();
    make(korun, "file");
    await korun.serve("echo run", ["--name", "web", "-w", "file", "--debounce", "0"]);
    const child = korun.spawn(["tail", "-f", "--stream", "stdout", "web"]);
    const shown = new Reading(child.stdout);
    await shown.until("run\n");
    await korun.ok(["restart", "web"]);
    await shown.until("run\nrun\n");
    await korun.until("web", ({ state }) => state === "exited");
    writeFileSync(join(korun.work, "file"), "changed");
    await shown.until("run\nrun\nrun\n");
    await korun.until("web", ({ state }) => state === "exited");
    await korun.ok(["stop", "web"]);
    expect(await child.exited).toBe(0);
    expect(await shown.all).toBe("run\nrun\nrun\n");
  });

  test("begins with the newest -n lines, with --since-seq at that entry, of head at the first", async () => {
    await using korun = new Korun();
    const id = await korun.serve("seq 250", ["--name", "web"]);
    await korun.until(id, ({ state }) => state === "exited");
    const first = async (...args: string[]) => {
      const shown = numbers(await korun.ok([...args, "-f", "web"]));
      expect(shown.at(-1)).toBe(250);
      return shown[0];
    };
    expect(await first("tail")).toBe(151);
    expect(await first("tail", "-n", "3")).toBe(248);
    expect(await first("logs", "--since-seq", "7")).toBe(7);
    expect(await first("head")).toBe(1);
    const both = await korun.run(["tail", "-f", "-n", "3", "--since-seq", "7", "web"]);
    expect(both).toMatchObject({ code: 2, stdout: "" });
  });
});

describe("logs -f without an id follows every session", () => {
  test("each line with the session's name or the start of its id, and new ones join", async () => {
    await using korun = new Korun();
    const nameless = await korun.serve(TALKER);
    const child = korun.spawn(["logs", "-f"]);
    const shown = new Reading(child.stdout);
    await shown.until(`${nameless.slice(0, 8)} [stdout] up\n`);
    const web = await korun.serve("echo hello; echo oops >&2; exec sleep 600", ["--name", "web"]);
    await shown.until("web [stdout] hello\n");
    await shown.until("web [stderr] oops\n");
    make(korun, "say 1");
    await shown.until(`${nameless.slice(0, 8)} [stdout] said 1\n`);
    await korun.ok(["restart", web]);
    await waitFor("both runs", () => shown.text.match(/web \[stdout\] hello\n/g)?.length === 2);
    child.kill("SIGINT");
    await child.exited;
  });

  test("from its newest 10 lines on, or as many as -n says, and of one stream", async () => {
    await using korun = new Korun();
    await korun.serve("seq 50; echo e >&2; exec sleep 600", ["--name", "web"]);
    await korun.until("web", ({ blended_lines }) => blended_lines === 51);
    const history = async (...args: string[]) => {
      const child = korun.spawn(["logs", "-f", "--stream", "stdout", ...args]);
      const shown = new Reading(child.stdout);
      await shown.until("50\n");
      child.kill("SIGINT");
      return (await shown.all).split("\n").slice(0, -1);
    };
    expect((await history()).length).toBe(10);
    expect(await history("-n", "2")).toEqual(["web 49", "web 50"]);
    const [timed = ""] = await history("-t", "-n1");
    expect(timed.replaceAll(TIME, "TIME")).toBe("TIME web 50");
  });

  test("in JSON each line has its session_id", async () => {
    await using korun = new Korun();
    const id = await korun.serve("echo hello; exec sleep 600", ["--name", "web"]);
    const child = korun.spawn(["logs", "-f", "--json"]);
    const shown = new Reading(child.stdout);
    await shown.until("\n");
    child.kill("SIGINT");
    const page = await korun.json<{ entries: LogEntry[] }>(`/v1/sessions/${id}/logs`);
    expect(JSON.parse(await shown.all)).toEqual({ session_id: id, ...page.entries[0] } as never);
  });

  test("and says so when the daemon goes away", async () => {
    await using korun = new Korun();
    await korun.serve("echo hello; exec sleep 600", ["--name", "web"]);
    const child = korun.spawn(["logs", "-f"]);
    await new Reading(child.stdout).until("hello");
    await korun.ok(["daemon", "stop"]);
    const said = await new Response(child.stderr).text();
    expect(await child.exited).toBe(1);
    expect(said).toMatch(/^korun: (no daemon is running|the daemon went away)/);
  });
});

describe("when the reader of a pipe leaves, korun ends without a word:", () => {
  test.each([
    ["a long page", "korun logs -n 20000 web | head -n 1"],
    ["a follower of a chatty session", "korun tail -f chatty | head -n 1"],
    ["a follower of a session that has fallen silent", "korun tail -f -n 5 web | head -n 1"],
    ["a follower of every session", "korun logs -f | head -n 1"],
    ["a list", "korun ls | true"],
  ])("%s", async (_, pipeline) => {
    await using korun = new Korun();
    await korun.serve("seq 20000; exec sleep 600", ["--name", "web"]);
    await korun.serve("while echo y; do sleep 0.01; done", ["--name", "chatty"]);
    await korun.until("web", ({ stdout_lines }) => stdout_lines >= 10_000);
    const script = `${pipeline} > /dev/null; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = await inShell(korun, script, { shell: "bash" });
    expect(stderr).toBe("");
    // What fits into the pipe is written before anyone can leave.
    expect(["141\n", ...(pipeline.includes("ls") ? ["0\n"] : [])]).toContain(stdout);
  });
});

/** The numbers at the ends of lines. */
function numbers(text: string): number[] {
  return [...text.matchAll(/\d+$/gm)].map(([number]) => Number(number));
}
