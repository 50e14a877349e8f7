// `korun expect`, on real processes.

import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ExpectReply } from "../../src/api/expecting.ts";
import { Korun } from "../support/korun.ts";
import { waitFor } from "../support/wait.ts";

async function killDaemon(korun: Korun): Promise<void> {
  const { pid } = await korun.status();
  process.kill(pid, "SIGKILL");
  await waitFor("another daemon", async () => (await korun.status()).pid !== pid);
}

async function told(korun: Korun, args: readonly string[]): Promise<ExpectReply> {
  return JSON.parse((await korun.run(["expect", "--json", ...args])).stdout) as ExpectReply;
}

describe("korun expect", () => {
  test("finds what was printed before, what comes, and shows the line without colours", async () => {
    await using korun = new Korun();
    const script = `printf '\\033[1mready\\033[0m: {"port":3000}\\n'; while [ ! -e go ]; do sleep 0.01; done; echo went; exec sleep 600`;
    await korun.serve(script, ["--name", "web"]);
    // Whole lines of text are matched: nothing of how they are kept, and quotes are quotes.
    for (const pattern of ["^ready", '\\{"port":\\d+\\}$']) {
      const shown = await korun.ok(["expect", "--regex", "web", pattern]);
      expect(shown).toBe('ready: {"port":3000}');
    }
    expect(await korun.ok(["expect", "web", '"port":3000'])).toBe('ready: {"port":3000}');
    const waiting = korun.run(["expect", "web", "went"]);
    writeFileSync(join(korun.work, "go"), "");
    expect(await waiting).toEqual({ code: 0, stdout: "went\n", stderr: "" });
  });

  test("finds a prompt, and behind it what came of the answer", async () => {
    await using korun = new Korun();
    const script = `printf 'name: '; while [ ! -e go ]; do sleep 0.01; done; echo ada; printf 'name: '; exec sleep 600`;
    const id = await korun.serve(script);
    const first = await told(korun, [id, "name:"]);
    expect(first).toMatchObject({ outcome: "matched", seq: null, line: "name: ", next_column: 5 });
    const since = ["--since", `${first.next_seq}:5`, "--stream", "stdout"];
    expect(await korun.run(["expect", id, "name:", ...since, "--timeout", "0"])).toMatchObject({
      code: 124,
    });
    writeFileSync(join(korun.work, "go"), "");
    expect(await told(korun, [id, "name:", ...since])).toMatchObject({
      outcome: "matched",
      seq: null,
      next_seq: first.next_seq + 1,
    });
  });

  test("has an exit code for each way in which it ends", async () => {
    await using korun = new Korun();
    await korun.serve("echo up; exec sleep 600", ["--name", "alive"]);
    const gone = await korun.serve("echo up; exit 1", ["--name", "gone"]);
    await korun.until(gone, ({ state }) => state === "exited");
    const code = async (...args: string[]) => (await korun.run(["expect", ...args])).code;
    expect(await code("alive", "up")).toBe(0);
    expect(await code("gone", "up")).toBe(0);
    expect(await code("alive", "down", "--timeout", "50ms")).toBe(124);
    expect(await code("gone", "down")).toBe(3);
    expect(await code("nobody", "up")).toBe(4);
    expect(await code("alive", "(", "--regex")).toBe(2);
    expect(await code("alive")).toBe(2);
  });

  test("ends when the session does while it waits", async () => {
    await using korun = new Korun();
    const id = await korun.serve("while [ ! -e go ]; do sleep 0.01; done");
    const waiting = korun.run(["expect", id, "never"]);
    writeFileSync(join(korun.work, "go"), "");
    expect((await waiting).code).toBe(3);
  });

  test("begins at the newest run, and goes on with the next ones", async () => {
    await using korun = new Korun();
    const id = await korun.serve('echo "run $KORUN_RUN"; exec sleep 600');
    await korun.ok(["expect", id, "run 1"]);
    await korun.ok(["restart", id]);
    expect((await korun.run(["expect", id, "run 1", "--timeout", "0"])).code).toBe(124);
    const waiting = korun.run(["expect", id, "run 3"]);
    await korun.ok(["restart", id]);
    expect(await waiting).toMatchObject({ code: 0, stdout: "run 3\n" });
    expect(await korun.ok(["expect", id, "run 1", "--since", "1"])).toBe("run 1");
  });

  test("does not notice that the daemon is killed", async () => {
    await using korun = new Korun();
    const id = await korun.serve(
      "echo before; while [ ! -e go ]; do sleep 0.01; done; echo after; exec sleep 600",
    );
    await korun.ok(["expect", id, "before"]);
    const [found, late] = [
      korun.run(["expect", id, "after"]),
      korun.run(["expect", id, "never", "--timeout", "3s"]),
    ];
    await killDaemon(korun);
    await killDaemon(korun);
    writeFileSync(join(korun.work, "go"), "");
    expect(await found).toEqual({ code: 0, stdout: "after\n", stderr: "" });
    expect((await late).code).toBe(124);
  });

  test("is hung up by no pattern, and holds up nobody", async () => {
    await using korun = new Korun();
    const id = await korun.serve(
      "yes aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa! | head -n 20000; exec sleep 600",
    );
    await korun.until(id, ({ stdout_lines, stdout_dropped_lines }) => {
      return stdout_lines + stdout_dropped_lines === 20_000;
    });
    const waiting = korun.run(["expect", id, "--regex", "(a+)+$", "--timeout", "2s"]);
    let answers = 0;
    const ended = waiting.then(() => {
      answers = -answers;
    });
    while (answers >= 0) {
      expect((await korun.fetch("/healthz")).status).toBe(200);
      if (answers >= 0) answers += 1;
    }
    await ended;
    expect((await waiting).code).toBe(124);
    expect(answers).toBeLessThan(-1);
  });
});
