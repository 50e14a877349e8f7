// Followers whose daemon is killed under them: whoever reads what they print cannot tell.

import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { EventReply } from "../../src/api/history-replies.ts";
import { Korun } from "../support/korun.ts";
import { waitFor } from "../support/wait.ts";

/** Kills the daemon as nobody expects it, and waits for the next one. */
async function killDaemon(korun: Korun): Promise<void> {
  const { pid } = await korun.status();
  process.kill(pid, "SIGKILL");
  await waitFor("another daemon", async () => (await korun.status()).pid !== pid);
}

/** What a child has printed so far. */
class Output {
  text = "";
  readonly all: Promise<Uint8Array>;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.all = this.#read(stream);
  }

  async until(part: string): Promise<void> {
    await waitFor(`${part} to be printed`, () => this.text.includes(part));
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of stream) {
      chunks.push(chunk);
      this.text += Buffer.from(chunk).toString("latin1");
    }
    return Buffer.concat(chunks);
  }
}

const LINES = 400;
/** Numbered lines at a pace, on both streams, with bytes that are no UTF-8, and no last newline. */
const PACED = `i=0; while [ $i -lt ${LINES} ]; do i=$((i+1)); echo "line $i"; printf 'e\\377 %s\\n' $i >&2; sleep 0.005; done; printf 'end \\303\\266'`;
const STDOUT = `${Array.from({ length: LINES }, (_, n) => `line ${n + 1}\n`).join("")}end ö`;
const STDERR = Array.from({ length: LINES }, (_, n) => `e\xff ${n + 1}\n`).join("");

describe("when the daemon is killed under it, the reader cannot tell:", () => {
  test("tail -f of each stream, byte for byte", async () => {
    await using korun = new Korun();
    const id = await korun.serve(PACED);
    const follow = (stream: string) =>
      korun.spawn(["tail", "-f", "-n", "100000", "--stream", stream, id]);
    const [out, err] = [follow("stdout"), follow("stderr")];
    const [stdout, stderr] = [new Output(out.stdout), new Output(err.stdout)];
    for (const line of [50, 150, 250]) {
      await stdout.until(`line ${line}\n`);
      await killDaemon(korun);
    }
    expect(Buffer.from(await stdout.all).toString()).toBe(STDOUT);
    expect(Buffer.from(await stderr.all).toString("latin1")).toBe(STDERR);
    expect(await Promise.all([out.exited, err.exited])).toEqual([0, 0]);
    expect(await new Response(out.stderr).text()).toBe("");
  }, 60_000);

  test("run, and its exit code is the command's own", async () => {
    await using korun = new Korun();
    const child = korun.spawn(["run", "--", "sh", "-c", `${PACED}; sleep 0.5; exit 7`]);
    const [stdout, stderr] = [new Output(child.stdout), new Output(child.stderr)];
    for (const line of [50, 200]) {
      await stdout.until(`line ${line}\n`);
      await killDaemon(korun);
    }
    expect(Buffer.from(await stdout.all).toString()).toBe(STDOUT);
    expect(Buffer.from(await stderr.all).toString("latin1")).toBe(STDERR);
    expect(await child.exited).toBe(7);
  }, 60_000);

  test("logs -f of every session, in JSON each seq once", async () => {
    await using korun = new Korun();
    const ids = [await korun.serve(PACED), await korun.serve(PACED)];
    const child = korun.spawn(["logs", "-f", "--json", "-n", "100000"]);
    const shown = new Output(child.stdout);
    await shown.until("line 50");
    await killDaemon(korun);
    // A session of the next daemon joins as well.
    ids.push(await korun.serve(PACED));
    for (const id of ids) await korun.until(id, ({ state }) => state === "exited");
    await waitFor("the last words of each", () => shown.text.split('"unterminated"').length === 4);
    child.kill("SIGINT");
    await child.exited;
    const entries = Buffer.from(await shown.all)
      .toString()
      .trim()
      .split("\n");
    const seqs = new Map<string, number[]>();
    for (const entry of entries) {
      const { session_id, seq } = JSON.parse(entry) as { session_id: string; seq: number };
      seqs.set(session_id, [...(seqs.get(session_id) ?? []), seq]);
    }
    const expected = Array.from({ length: 2 * LINES + 1 }, (_, n) => n + 1);
    for (const id of ids) expect(seqs.get(id)).toEqual(expected);
  }, 60_000);

  test("events -f, in which nothing is missing and nothing twice", async () => {
    await using korun = new Korun();
    await korun.ok(["daemon", "start"]);
    const child = korun.spawn(["events", "-f", "--json", "--since-seq", "1"]);
    const shown = new Output(child.stdout);
    const id = await korun.serve("exec sleep 600", ["--name", "web"]);
    await shown.until('"running"');
    await killDaemon(korun);
    await shown.until('"adopted"');
    await korun.ok(["stop", "web"]);
    await shown.until('"exited"');
    child.kill("SIGINT");
    await child.exited;
    const events = Buffer.from(await shown.all)
      .toString()
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as EventReply);
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, place) => place + 1));
    expect(events.filter(({ session_id }) => session_id === id).map(({ type }) => type)).toEqual([
      "created",
      "starting",
      "running",
      "adopted",
      "stopping",
      "exited",
    ]);
  }, 60_000);
});

test("a follower alone brings up the next daemon when nobody else does", async () => {
  await using korun = new Korun();
  const id = await korun.serve("echo one; while [ ! -e go ]; do sleep 0.05; done; echo two");
  const child = korun.spawn(["tail", "-f", "--stream", "stdout", id]);
  const shown = new Output(child.stdout);
  await shown.until("one\n");
  process.kill((await korun.status()).pid, "SIGKILL");
  writeFileSync(join(korun.work, "go"), "");
  await shown.until("two\n");
  expect(await child.exited).toBe(0);
}, 60_000);

test("a daemon that is stopped ends its followers and is not started again", async () => {
  await using korun = new Korun();
  const id = await korun.serve("echo one; exec sleep 600");
  const child = korun.spawn(["tail", "-f", id]);
  const shown = new Output(child.stdout);
  await shown.until("one\n");
  await korun.ok(["daemon", "stop"]);
  expect(await child.exited).toBe(0);
  expect((await korun.run(["daemon", "status"])).code).toBe(1);
});
