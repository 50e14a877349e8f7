// Sessions that are written to by a pipe, on the real thing: the daemon's death in the middle
// included.

import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import type { ErrorReply } from "../../src/api/daemon-replies.ts";
import type { InputReply } from "../../src/api/input.ts";
import { BINARY, Korun } from "../support/korun.ts";
import { waitFor } from "../support/wait.ts";
import { keeperOf, killDaemon, killKeeper } from "./support/deaths.ts";

const PIPE = ["--stdin", "pipe"] as const;

function body(value: object): RequestInit {
  return { method: "POST", body: JSON.stringify(value) };
}

async function untilShown(korun: Korun, id: string, lines: readonly string[]): Promise<void> {
  await waitFor(`${id} to show ${lines.join()}`, async () => {
    return (await korun.lines(id)).join("\n") === lines.join("\n");
  });
}

describe("korun send", () => {
  test("writes its words, its stdin or nothing, then Enter, then the end", async () => {
    await using korun = new Korun();
    const id = await korun.serve("cat; echo over", [...PIPE, "--name", "cat"]);
    expect(await korun.run(["send", "cat", "hello", "world", "--enter"])).toEqual({
      code: 0,
      stdout: "",
      stderr: "",
    });
    expect((await korun.run(["send", "cat"], { input: "piped\nin\n" })).code).toBe(0);
    await korun.ok(["send", "cat", "--", "--like-a-flag"]);
    await korun.ok(["send", "cat", "", "--enter"]);
    await untilShown(korun, id, ["hello world", "piped", "in", "--like-a-flag"]);
    await korun.ok(["send", "cat", "--eof"], { input: "last" });
    const { exit_code } = await korun.until(id, ({ state }) => state === "exited");
    expect(exit_code).toBe(0);
    await untilShown(korun, id, ["hello world", "piped", "in", "--like-a-flag", "lastover"]);
  });

  test("takes megabytes on its stdin, of which every byte arrives", async () => {
    await using korun = new Korun();
    const bytes = Buffer.alloc(3_000_000, "0123456789abcdef\n");
    const id = await korun.serve("cat > got", PIPE);
    const child = Bun.spawn([BINARY, "send", id, "--eof"], {
      env: korun.env,
      stdin: bytes,
      stdout: "ignore",
      stderr: "inherit",
    });
    expect(await child.exited).toBe(0);
    await korun.until(id, ({ state }) => state === "exited");
    expect(readFileSync(join(korun.work, "got")).equals(bytes)).toBe(true);
  });

  test("says what is wrong with the session, and what to do", async () => {
    await using korun = new Korun();
    await korun.serve("sleep 600", ["--name", "deaf"]);
    expect(await korun.run(["send", "deaf", "x"])).toEqual({
      code: 1,
      stdout: "",
      stderr:
        "korun: Session deaf takes no input: it has no stdin\n" +
        "  Start it with one: korun serve --stdin pipe -- COMMAND, or in a terminal: --pty\n",
    });
    await korun.serve("true", [...PIPE, "--name", "done"]);
    await korun.until("done", ({ state }) => state === "exited");
    const { code, stderr } = await korun.run(["send", "done", "x"]);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr:
        "korun: Session done takes no input: it is exited\n" +
        "  Start it again with: korun restart done\n",
    });
    expect((await korun.run(["send", "nobody", "x"])).stderr).toContain("nobody");
    // Nothing to send is an error too, where it cannot be taken.
    expect((await korun.run(["send", "deaf"])).code).toBe(1);
  });

  test("answers with where to read on", async () => {
    await using korun = new Korun();
    const id = await korun.serve("echo ready; cat", PIPE);
    await untilShown(korun, id, ["ready"]);
    const reply = JSON.parse(await korun.ok(["send", id, "hi", "--enter", "--json"])) as InputReply;
    expect(reply).toEqual({ ok: true, id, written: 3, next_seq: 2 });
    const path = `/v1/sessions/${id}/logs?since_seq=${reply.next_seq}`;
    await waitFor("the answer", async () => {
      const { entries } = await korun.json<{ entries: { line: string }[] }>(path);
      return entries.map(({ line }) => line).join() === "hi";
    });
  });
});

test("A session that has no stdin sees the end of it at once, as before", async () => {
  await using korun = new Korun();
  const id = await korun.serve("cat; echo over");
  expect((await korun.until(id, ({ state }) => state === "exited")).exit_code).toBe(0);
  expect(await korun.lines(id)).toEqual(["over"]);
});

test("A child that does not read holds up neither others nor the daemon", async () => {
  await using korun = new Korun();
  const deaf = await korun.serve("sleep 600", PIPE);
  const cat = await korun.serve("cat", PIPE);
  const text = "x".repeat(90_000);
  // More than the pipe holds: all of these wait.
  const stuck = Array.from({ length: 4 }, () =>
    korun.fetch(`/v1/sessions/${deaf}/input`, body({ text, timeout: "30s" })),
  );
  await korun.ok(["send", cat, "alive", "--enter"]);
  await untilShown(korun, cat, ["alive"]);
  await korun.ok(["serve", "--", "true"]);
  const refused = await korun.fetch(
    `/v1/sessions/${deaf}/input`,
    body({ text: "later", timeout: 10 }),
  );
  expect(refused.status).toBe(409);
  expect(((await refused.json()) as ErrorReply).error.message).toBe(
    "The process does not read its input: 0 of 5 bytes were written within 10ms",
  );
  await korun.ok(["stop", deaf]);
  const answers = await Promise.all(
    stuck.map(async (answer) => (await ((await answer).json() as Promise<ErrorReply>)).error),
  );
  expect(answers.map(({ code }) => code)).toEqual(Array(4).fill("conflict"));
  const written = answers.map(({ message }) => /(\d+) of 90000 bytes/.exec(message)?.[1]);
  expect(written.sort()).toEqual(["0", "0", "0", "65536"]);
});

test("Requests of several writers are each whole", async () => {
  await using korun = new Korun();
  const id = await korun.serve("cat > got; echo over", PIPE);
  const lines = Array.from({ length: 20 }, (_, place) => `${place} `.repeat(8_000));
  await Promise.all(
    lines.map(async (text) => {
      const answer = await korun.fetch(`/v1/sessions/${id}/input`, body({ text, enter: true }));
      expect(answer.status).toBe(200);
    }),
  );
  await korun.ok(["send", id, "--eof"]);
  await korun.until(id, ({ state }) => state === "exited");
  const got = readFileSync(join(korun.work, "got"), "utf8").split("\n");
  expect(got.sort()).toEqual([...lines, ""].sort());
});

test("A writer whose daemon is replaced is told what is left to send", async () => {
  await using korun = new Korun();
  const id = await korun.serve("while [ ! -e go ]; do sleep 0.05; done; wc -c", PIPE);
  const bytes = Buffer.alloc(200_000, "x");
  const args = ["send", id, "--timeout", "1m"];
  const writer = korun.spawn(args, { input: bytes.toString() });
  await waitFor("the pipe to be full", () => isFull(korun, id));
  await korun.ok(["daemon", "upgrade"]);
  expect(await writer.exited).toBe(1);
  const told = await new Response(writer.stderr).text();
  expect(told).toBe(
    "korun: The daemon was replaced: 65536 bytes in all were written\n" +
      "  The session lives. Send what is left again: the next daemon takes it.\n",
  );
  const rest = bytes.subarray(65_536).toString();
  await Bun.write(join(korun.work, "go"), "");
  await korun.ok(["send", id, "--eof"], { input: rest });
  await untilShown(korun, id, [String(bytes.length)]);
});

/** Whether somebody waits to write what does not fit: so nothing at all has to wait too. */
async function isFull(korun: Korun, id: string): Promise<boolean> {
  const timeout = "1ms";
  const answer = await korun.fetch(`/v1/sessions/${id}/input`, body({ text: "", timeout }));
  return answer.status === 409;
}

describe("When the daemon is killed", () => {
  test("the child sees no end of its input, and the next daemon writes to it", async () => {
    await using korun = new Korun();
    const id = await korun.serve("cat; echo over", PIPE);
    await korun.ok(["send", id, "one", "--enter"]);
    for (const word of ["two", "three"]) {
      await killDaemon(korun);
      await korun.ok(["send", id, word, "--enter"]);
    }
    await untilShown(korun, id, ["one", "two", "three"]);
    expect((await korun.session(id)).run).toBe(1);
    await korun.ok(["send", id, "--eof"]);
    const { exit_code } = await korun.until(id, ({ state }) => state === "exited");
    expect(exit_code).toBe(0);
    expect(await korun.lines(id)).toEqual(["one", "two", "three", "over"]);
  });

  test("an end that was sent stays the end, though the child has not read it yet", async () => {
    await using korun = new Korun();
    const id = await korun.serve("while [ ! -e go ]; do sleep 0.05; done; cat; echo over", PIPE);
    await korun.ok(["send", id, "words", "--eof"]);
    await killDaemon(korun);
    const refused = await korun.run(["send", id, "more"]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toStartWith("korun: Its input has ended");
    await Bun.write(join(korun.work, "go"), "");
    await korun.until(id, ({ state }) => state === "exited");
    expect(await korun.lines(id)).toEqual(["wordsover"]);
    // The next run has an input again.
    await korun.ok(["restart", id]);
    await korun.ok(["send", id, "again", "--eof"]);
    await korun.until(id, ({ state }) => state === "exited");
    expect(await korun.lines(id)).toEqual(["wordsover", "againover"]);
  });

  test("after its keeper was, the child sees no end either", async () => {
    await using korun = new Korun();
    const id = await korun.serve("cat; echo over", PIPE);
    await killKeeper(korun);
    const keeper = keeperOf((await korun.status()).log);
    await waitFor("it to hold the pipe", () => opens(keeper, "stdin.fifo"));
    await killDaemon(korun);
    await korun.ok(["send", id, "still here", "--enter"]);
    await untilShown(korun, id, ["still here"]);
    expect((await korun.session(id)).run).toBe(1);
  });
});

/** Whether a process has a file of this name open. */
function opens(pid: number, name: string): boolean {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).some((fd) => readlinkSync(join(folder, fd)).endsWith(`/${name}`));
}
