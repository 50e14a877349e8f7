// Logs that are filtered where they are: what is asked for is found however much lies around it.

import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { LogEntry, LogReply } from "../../src/api/log-replies.ts";
import { Reading } from "../cli/support/reading.ts";
import { Korun } from "../support/korun.ts";
import { waitFor } from "../support/wait.ts";

/** Hundreds of lines, with an error every hundred, in colour and with a trace behind it. */
const NOISY = `i=0; while [ $i -lt 600 ]; do i=$((i+1))
  if [ $((i % 100)) = 0 ]; then printf '\\033[31mERROR\\033[0m %s failed\\n    at step %s\\n' $i $i
  else echo "line $i"; fi
done`;

async function noisy(korun: Korun): Promise<string> {
  const id = await korun.serve(NOISY, ["--name", "noisy"]);
  await korun.until(id, ({ state }) => state === "exited");
  return id;
}

describe("korun tail, logs and head", () => {
  test("filter before they count lines, and number them as they are", async () => {
    await using korun = new Korun();
    await noisy(korun);
    const stdout = ["--stream", "stdout", "--no-ansi", "noisy"];
    expect(await korun.ok(["tail", "-n", "1", "--grep", "ERROR", ...stdout])).toBe(
      "ERROR 600 failed",
    );
    expect(await korun.ok(["tail", "-n", "3", "--level", "error", ...stdout])).toBe(
      "at step 500\nERROR 600 failed\n    at step 600",
    );
    expect(await korun.ok(["head", "-n", "1", "--regex", "^line .*9$", ...stdout])).toBe("line 9");
    const page = JSON.parse(
      await korun.ok(["logs", "--json", "--regex", "^ERROR (2|3)00", "noisy"]),
    ) as LogReply;
    expect(page.entries.map(({ seq, line }) => [seq, line])).toEqual([
      [201, "\x1b[31mERROR\x1b[0m 200 failed"],
      [302, "\x1b[31mERROR\x1b[0m 300 failed"],
    ]);
  });

  test("pass colours on unless they are told not to", async () => {
    await using korun = new Korun();
    await noisy(korun);
    const last = ["tail", "-n", "1", "--grep", "ERROR", "--stream", "stdout", "noisy"];
    expect(await korun.ok(last)).toBe("\x1b[31mERROR\x1b[0m 600 failed");
    expect(await korun.ok([...last, "--no-ansi"])).toBe("ERROR 600 failed");
  });

  test("read times, as times and as how long ago", async () => {
    await using korun = new Korun();
    const id = await noisy(korun);
    expect(await korun.ok(["logs", "--since", "10m", "-n", "1", "--stream", "stdout", id])).toBe(
      "at step 600",
    );
    expect(await korun.ok(["logs", "--until", "10m", id])).toBe("");
    expect(await korun.ok(["logs", "--since", "2099-01-01T00:00:00Z", id])).toBe("");
  });

  test("walk on by next_seq and skip nothing, though nothing is found on the way", async () => {
    await using korun = new Korun();
    const id = await noisy(korun);
    const seqs: number[] = [];
    let since = 0;
    for (let asked = 0; asked < 100; asked += 1) {
      const path = `/v1/sessions/${id}/logs?grep=failed&limit=2&since_seq=${since}`;
      const page = await korun.json<LogReply>(path);
      expect(page.dropped).toBe(0);
      seqs.push(...page.entries.map(({ seq }) => seq));
      if (page.next_seq === since) break;
      since = page.next_seq;
    }
    expect(seqs).toEqual([100, 201, 302, 403, 504, 605]);
    expect(since).toBe(607);
  });

  test("say at once what is wrong with a filter", async () => {
    await using korun = new Korun();
    await noisy(korun);
    const bad = await korun.run(["logs", "--regex", "(", "noisy"]);
    expect(bad).toMatchObject({ code: 2, stdout: "" });
    expect(bad.stderr).toStartWith("korun: --regex is no regular expression: missing closing )");
    for (const flags of [
      ["--level", "loud"],
      ["--since", "soon"],
      ["--grep", ""],
    ]) {
      expect(await korun.run(["tail", ...flags, "noisy"])).toMatchObject({ code: 2, stdout: "" });
    }
  });
});

describe("a follower that is filtered", () => {
  const TALKER = `echo "INFO up"; i=1
    while [ ! -e end ]; do
      if [ -e "say $i" ]; then echo "INFO $i"; echo "WARN $i"; i=$((i + 1)); fi; sleep 0.01
    done`;

  test("has the history that it wants, then what comes, with true numbers", async () => {
    await using korun = new Korun();
    const id = await korun.serve(TALKER);
    const say = (file: string) => writeFileSync(join(korun.work, file), "");
    say("say 1");
    await waitFor("it to speak", async () => (await korun.lines(id)).includes("WARN 1"));
    const follower = korun.spawn(["tail", "-f", "--json", "--level", "warn", id]);
    const shown = new Reading(follower.stdout);
    await shown.until("WARN 1");
    say("say 2");
    await shown.until("WARN 2");
    say("end");
    expect(await follower.exited).toBe(0);
    const entries = shown.text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as LogEntry);
    expect(entries.map(({ seq, line }) => `${seq} ${line}`)).toEqual(["3 WARN 1", "5 WARN 2"]);
  });

  test("goes on with the next daemon when this one dies", async () => {
    await using korun = new Korun();
    const id = await korun.serve(TALKER);
    const say = (file: string) => writeFileSync(join(korun.work, file), "");
    const flags = ["--grep", "WARN", "--no-ansi", "--stream", "stdout"];
    const follower = korun.spawn(["tail", "-f", ...flags, id]);
    const shown = new Reading(follower.stdout);
    say("say 1");
    await shown.until("WARN 1");
    const { pid } = await korun.status();
    process.kill(pid, "SIGKILL");
    await waitFor("another daemon", async () => (await korun.status()).pid !== pid);
    say("say 2");
    await shown.until("WARN 2");
    say("end");
    expect(await follower.exited).toBe(0);
    expect(shown.text).toBe("WARN 1\nWARN 2\n");
  });
});

test("a prompt is shown though its line has not ended", async () => {
  await using korun = new Korun();
  const id = await korun.serve("echo hello; printf 'Password: '; exec sleep 600");
  const shown = await waitFor("the prompt", async () => {
    const text = (await korun.run(["tail", "--stream", "stdout", id])).stdout;
    return text.includes("Password") ? text : undefined;
  });
  expect(shown).toBe("hello\nPassword: ");
  const page = await korun.json<LogReply>(`/v1/sessions/${id}/tail`);
  expect(page.open_lines).toEqual([{ stream: "stdout", line: "Password: " }]);
  expect(page.entries.map(({ line }) => line)).toEqual(["hello"]);
});
