import { describe, expect, test } from "bun:test";
import type { LogScan, Scanned } from "../../src/logs/scan.ts";
import { fakeSession } from "./support.ts";

/** What a scan gives next, in short. */
async function next(scan: LogScan): Promise<unknown> {
  return brief(await scan.next());
}

function brief(scanned: Scanned | undefined): unknown {
  if (scanned === undefined) return undefined;
  const lines = scanned.lines.map(({ seq, text }) => `${seq} ${text}`);
  return [...lines, ...scanned.open.map(({ stream, text }) => `${stream}: ${text}`)];
}

describe("a scan", () => {
  test("gives the history of a run, then what comes, with each line as plain text", async () => {
    const { log, write, flush } = fakeSession();
    write("stdout", "old\n");
    flush();
    write("stdout", "\x1b[32mready\x1b[0m\r\n", { run: 2 });
    write("stderr", Buffer.from("\xff on :80\n", "latin1"), { run: 2 });
    const scan = log.scan({ run: 2 });
    expect(await next(scan)).toEqual(["2 ready", "3 \ufffd on :80"]);
    const waiting = next(scan);
    write("stdout", "more\n", { run: 2 });
    expect(await waiting).toEqual(["4 more"]);
  });

  test("gives a prompt as soon as it is written, again when it grows, and then as a line", async () => {
    const { log, write } = fakeSession();
    const scan = log.scan({ sinceSeq: 1 });
    const first = next(scan);
    write("stdout", "Pass");
    expect(await first).toEqual(["stdout: Pass"]);
    const second = next(scan);
    write("stdout", "word: ");
    expect(await second).toEqual(["stdout: Password: "]);
    const third = next(scan);
    write("stdout", "\n");
    expect(await third).toEqual(["1 Password: "]);
  });

  test("tells an open line once as long as it stays as it is", async () => {
    const { log, write } = fakeSession();
    write("stderr", "> ");
    const scan = log.scan({ sinceSeq: 1 });
    expect(await next(scan)).toEqual(["stderr: > "]);
    const waiting = next(scan);
    write("stdout", "a\n");
    expect(await waiting).toEqual(["1 a"]);
  });

  test("of one stream sees nothing of the other", async () => {
    const { log, write } = fakeSession();
    write("stderr", "no\nno");
    write("stdout", "yes\n");
    const scan = log.scan({ sinceSeq: 1 }, { stream: "stdout" });
    expect(await next(scan)).toEqual(["2 yes"]);
  });

  test("walks a full log to its end, every line once, and only then the open line", async () => {
    const { log, write } = fakeSession();
    for (let line = 1; line <= 9_000; line += 1) write("stdout", `line ${line}\n`);
    write("stdout", "open");
    log.settle(true);
    const scan = log.scan({ sinceSeq: 1 });
    const seen: number[] = [];
    let nextSeq = 1;
    for (let found = await scan.next(); found !== undefined; found = await scan.next()) {
      seen.push(...found.lines.map(({ seq }) => seq));
      nextSeq = found.nextSeq;
      expect(found.open.length).toBe(seen.length === 9_000 ? 1 : 0);
    }
    expect(seen).toEqual(Array.from({ length: 9_000 }, (_, index) => index + 1));
    expect(nextSeq).toBe(9_001);
  });

  test("lets others have their turn while it walks a full log", async () => {
    const { log, write } = fakeSession();
    write("stdout", "x\n".repeat(9_000));
    log.settle(true);
    const scan = log.scan({ sinceSeq: 1 });
    let turns = 0;
    const timer = setInterval(() => {
      turns += 1;
    }, 0);
    while ((await scan.next()) !== undefined);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(0);
  });

  test("says how many entries were gone before it came to them", async () => {
    const { log, write } = fakeSession();
    write("stdout", "x\n".repeat(30_000));
    const scan = log.scan({ sinceSeq: 101 });
    const found = await scan.next();
    expect((found?.missed ?? 0) + 101).toBe(found?.lines[0]?.seq ?? 0);
  });

  test("ends with the session, but not before the last words were given", async () => {
    const { log, write, flush } = fakeSession();
    const scan = log.scan({ run: 1 });
    const waiting = next(scan);
    write("stdout", "bye");
    expect(await waiting).toEqual(["stdout: bye"]);
    flush();
    log.settle(true);
    expect(await next(scan)).toEqual(["1 bye"]);
    expect(await next(scan)).toBeUndefined();
  });

  test("that is told to finish gives what there is and waits no more", async () => {
    const { log, write } = fakeSession();
    write("stdout", "here\n");
    const scan = log.scan({ run: 1 });
    scan.finish();
    write("stdout", "too late\n");
    expect(await next(scan)).toEqual(["1 here"]);
    expect(await next(scan)).toBeUndefined();
  });

  test("ends when it is closed, and when the log is", async () => {
    const { log } = fakeSession();
    const scans = [log.scan({ run: 1 }), log.scan({ run: 1 })];
    const waiting = scans.map(next);
    scans[0]?.close();
    log.close();
    expect(await Promise.all(waiting)).toEqual([undefined, undefined]);
  });

  test("of a run that has printed nothing begins with what comes", async () => {
    const { log, write } = fakeSession();
    write("stdout", "old\n");
    const scan = log.scan({ run: 2 });
    const waiting = next(scan);
    write("stdout", "new\n", { run: 2 });
    expect(await waiting).toEqual(["2 new"]);
  });
});
