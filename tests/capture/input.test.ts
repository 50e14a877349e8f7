import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PipeEnds } from "../../src/capture/child-ends.ts";
import { Capture } from "../../src/capture/handle.ts";
import { MOST_QUEUED_BYTES } from "../../src/capture/input-queue.ts";
import type { SessionCapture } from "../../src/capture/session-capture.ts";
import type { SessionInput } from "../../src/domain/input.ts";
import { Problem } from "../../src/domain/problem.ts";
import { waitFor } from "../support/wait.ts";

const PATIENT = { timeoutMs: 30_000 };

/** More than any pipe holds. */
const FLOOD = Buffer.alloc(300_000, "0123456789abcdef");

let directory: string;
let capture: Capture;
let session: SessionCapture;
let ends: number;
const children: Bun.Subprocess[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "korun-input-"));
  capture = Capture.start({
    directory,
    onFailure: (reason) => {
      throw new Error(reason);
    },
  });
  ends = 0;
  session = capture.open(join(directory, "session"), ways());
});

afterEach(async () => {
  for (const child of children.splice(0)) {
    child.kill("SIGKILL");
    await child.exited;
  }
  await session.release();
  capture.close();
  rmSync(directory, { recursive: true, force: true });
});

function ways() {
  return {
    stdin: "pipe",
    onInputEnd: () => {
      ends += 1;
    },
  } as const;
}

function start(script: string, number = 1): Bun.Subprocess {
  const { stdin, stdout, stderr } = session.begin(number) as PipeEnds;
  const child = Bun.spawn(["sh", "-c", script], {
    cwd: directory,
    stdin: stdin ?? "ignore",
    stdout,
    stderr,
  });
  session.started();
  children.push(child);
  return child;
}

function input(): SessionInput {
  if (session.input === undefined) throw new Error("it has no input");
  return session.input;
}

function send(text: string | Uint8Array, options: object = PATIENT) {
  return input().write(typeof text === "string" ? Buffer.from(text) : text, {
    ...PATIENT,
    ...options,
  });
}

function shown(): string {
  const { entries } = session.log.page({ stream: "stdout", limit: 100, from: "oldest" });
  return entries.map(({ bytes }) => Buffer.from(bytes).toString()).join("\n");
}

async function problemOf(promise: Promise<unknown>): Promise<Problem> {
  const thrown = await promise.then(
    () => new Error("it was written"),
    (reason: unknown) => reason,
  );
  if (thrown instanceof Problem) return thrown;
  throw thrown;
}

describe("The stdin of a session", () => {
  test("is a pipe that the child reads, until its end is sent", async () => {
    const child = start("cat; echo over");
    expect(await send("one\n")).toEqual({ written: 4 });
    await waitFor("the line to come back", () => shown() === "one");
    expect(await send("two\n", { end: true })).toEqual({ written: 4 });
    expect(await child.exited).toBe(0);
    await session.drain();
    expect(shown()).toBe("one\ntwo\nover");
    expect(ends).toBe(1);
  });

  test("is not there for a session that was not asked to have one", async () => {
    const other = capture.open(join(directory, "other"));
    const { stdin, stdout, stderr } = other.begin(1) as PipeEnds;
    expect([other.input, stdin, existsSync(join(directory, "other/stdin.fifo"))]).toEqual([
      undefined,
      undefined,
      false,
    ]);
    expect(stdout).not.toBe(stderr);
    other.started();
    await other.release();
  });

  test("takes nothing before a run, after one, and once its end was sent", async () => {
    expect(await problemOf(send("x"))).toMatchObject({
      code: "conflict",
      hint: "Start it with: korun restart",
    });
    const child = start("cat");
    input().end();
    expect(await problemOf(send("x"))).toMatchObject({
      code: "conflict",
      message: "Its input has ended, or it has closed its stdin",
    });
    expect(await child.exited).toBe(0);
    await session.drain();
    expect((await problemOf(send("x"))).message).toBe("It does not run, and so takes no input");
    const next = start("cat", 2);
    await send("again\n", { end: true });
    expect(await next.exited).toBe(0);
    await session.drain();
    expect(shown()).toBe("again");
  });

  test("takes more than the pipe holds from several at once, each piece whole and in order", async () => {
    const child = start("while [ ! -e go ]; do sleep 0.01; done; cat > got");
    const pieces = ["a", "b", "c"].map((letter) => Buffer.alloc(200_000, letter));
    const turns: number[] = [];
    const writes = pieces.map((piece, place) =>
      send(piece, { onTurn: () => turns.push(place), end: place === 2 }),
    );
    expect(turns).toEqual([0]);
    await Bun.write(join(directory, "go"), "");
    expect(await Promise.all(writes)).toEqual(pieces.map(({ length }) => ({ written: length })));
    expect(await child.exited).toBe(0);
    expect(readFileSync(join(directory, "got")).equals(Buffer.concat(pieces))).toBe(true);
    expect(turns).toEqual([0, 1, 2]);
  });

  test("holds up nobody when the child does not read, and says how much was written", async () => {
    start("exec sleep 600");
    const stuck = problemOf(send(FLOOD, { timeoutMs: 20 }));
    const behind = problemOf(send("later\n", { timeoutMs: 10 }));
    expect((await behind).message).toBe(
      "The process does not read its input: 0 of 6 bytes were written within 10ms",
    );
    expect(await stuck).toMatchObject({
      code: "conflict",
      message:
        "The process does not read its input: 65536 of 300000 bytes were written within 20ms",
    });
  });

  test("goes on with the next piece when one was given up", async () => {
    const child = start("while [ ! -e go ]; do sleep 0.01; done; cat > got");
    const given = problemOf(send(FLOOD, { timeoutMs: 10 }));
    const next = send("next\n", { end: true });
    await given;
    await Bun.write(join(directory, "go"), "");
    expect(await next).toEqual({ written: 5 });
    expect(await child.exited).toBe(0);
    const got = readFileSync(join(directory, "got"), "utf8");
    expect([got.length, got.slice(-5)]).toEqual([65_536 + 5, "next\n"]);
  });

  test("lets no more wait than there is room for, and refuses the rest whole", async () => {
    start("exec sleep 600");
    const waiting = problemOf(send(Buffer.alloc(MOST_QUEUED_BYTES), { timeoutMs: 100 }));
    const refused = await problemOf(send("x"));
    expect(refused.message).toBe(
      "The process does not read its input: 1048576 bytes wait for it already",
    );
    expect((await waiting).message).toContain("65536 of 1048576 bytes");
    // There is room again.
    expect((await problemOf(send("x", { timeoutMs: 1 }))).message).toContain("0 of 1 bytes");
  });

  test("says so when the child has closed it", async () => {
    start("exec 0<&-; echo closed; exec sleep 600");
    await waitFor("it to be closed", () => shown() === "closed");
    expect((await problemOf(send("x"))).message).toBe(
      "The process has closed its stdin: 0 of 1 bytes were written",
    );
  });

  test("tells those who wait when the run ends", async () => {
    const child = start("exec sleep 600");
    const stuck = problemOf(send(FLOOD));
    child.kill("SIGKILL");
    await child.exited;
    await session.drain();
    // Whoever is quicker: the pipe without a reader, or the end of the run.
    expect((await stuck).message).toMatch(/^(It does not run|The process has closed)/);
    expect((await stuck).message).toEndWith("65536 of 300000 bytes were written");
  });

  test("says that another daemon goes on, and what it was not given", async () => {
    start("exec sleep 600");
    const stuck = problemOf(send(FLOOD));
    await session.release({ keep: true });
    expect(await stuck).toMatchObject({
      code: "unavailable",
      message: "The daemon was replaced: 65536 of 300000 bytes were written",
      written: 65_536,
    });
    expect((await stuck).hint).toStartWith("The session lives. Send what is left again");
    session = capture.adopt(join(directory, "session"), { run: 1, ways: ways() });
  });

  test("goes on with the next daemon, and its end stays its end", async () => {
    const keptOpen = start("cat");
    const folder = join(directory, "session");
    // What the keeper holds: without it the child would see the end now.
    const keeper = Bun.spawn(
      ["sh", "-c", 'exec 3>"$0"; echo held; exec sleep 600', join(folder, "stdin.fifo")],
      {
        stdout: "pipe",
      },
    );
    children.push(keeper);
    await keeper.stdout.getReader().read();
    await session.release({ keep: true });
    session = capture.adopt(folder, { run: 1, ways: ways() });
    await send("more\n");
    await waitFor("the line to come back", () => shown() === "more");
    await send("", { end: true });
    expect(existsSync(join(folder, "stdin.fifo"))).toBe(false);
    await session.release({ keep: true });
    session = capture.adopt(folder, { run: 1, ways: ways() });
    expect((await problemOf(send("x"))).message).toContain("Its input has ended");
    keeper.kill("SIGKILL");
    expect(await keptOpen.exited).toBe(0);
  });

  test("has no size", () => {
    expect(input().kind).toBe("pipe");
    expect(input().size()).toBeUndefined();
    expect(() => input().resize({ cols: 1, rows: 1 })).toThrow("It runs in no terminal");
    expect(session.terminal()).toBeNull();
  });
});
