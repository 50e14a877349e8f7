// `korun run` of what prints more than a log keeps: it is waited for whoever reads, as with a pipe.

import { expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Reading } from "../cli/support/reading.ts";
import { Korun } from "../support/korun.ts";
import { waitFor } from "../support/wait.ts";
import { inShell, startInShell } from "./support/shell.ts";

/** Lines of `seq`, each as wide as those of a program, as one hash. */
function hashOfLines(count: number, width = 0): string {
  const lines = Array.from({ length: count }, (_, line) => String(line + 1).padStart(width, "0"));
  return hashOf(`${lines.join("\n")}\n`);
}

/** What is compared in place of megabytes, which no message should show. */
function hashOf(text: string): string {
  return Bun.hash(text).toString(36);
}

test("all that is printed at once is shown, of both streams, and the last words too", async () => {
  await using korun = new Korun();
  const script = "seq 400000 & yes e | head -c 1000000 >&2; wait; printf 'the end'";
  const child = korun.spawn(["run", "--", "sh", "-c", script]);
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  expect(stdout.slice(-12)).toBe("0000\nthe end");
  expect(hashOf(stdout.slice(0, -"the end".length))).toBe(hashOfLines(400_000));
  expect([stderr.length, stderr.replaceAll("e\n", ""), code]).toEqual([1_000_000, "", 0]);
});

test("empty lines are counted right, up to the last in the pipe", async () => {
  await using korun = new Korun();
  const { stdout } = await inShell(korun, "korun run -- sh -c \"yes '' | head -c 300000\" | wc -l");
  expect(stdout.trim()).toBe("300000");
});

test("a reader that stands still holds its command up, and nobody else", async () => {
  await using korun = new Korun();
  const slow = "{ until test -e go; do sleep 0.02; done; cat; }";
  const reading = startInShell(
    korun,
    `korun run --name job -- sh -c 'seq 1000000; touch printed' | ${slow}`,
  );
  await korun.until("job", ({ stdout_lines: lines }) => lines > 5_000, "output of the job");
  const other = await inShell(korun, "korun run -- seq 100000 | wc -l");
  expect(other.stdout.trim()).toBe("100000");
  const { state, stdout_bytes: bytes } = await korun.session("job");
  expect([state, existsSync(join(korun.work, "printed"))]).toEqual(["running", false]);
  expect(bytes).toBeLessThan(1_000_000);
  writeFileSync(join(korun.work, "go"), "");
  expect(hashOf(await new Response(reading.stdout).text())).toBe(hashOfLines(1_000_000));
});

test("a reader that only looks on, at what lives already, holds nobody up", async () => {
  await using korun = new Korun();
  const command = "--name job -- sh -c 'until test -e start; do sleep 0.02; done; seq 1000000'";
  const script = `korun serve ${command} && korun run ${command} | { until test -e go; do sleep 0.02; done; cat; }`;
  const reading = startInShell(korun, script);
  await korun.until("job", ({ state }) => state === "running");
  writeFileSync(join(korun.work, "start"), "");
  await korun.until("job", ({ state }) => state === "exited");
  writeFileSync(join(korun.work, "go"), "");
  const shown = await new Response(reading.stdout).text();
  expect(shown).toEndWith("999999\n1000000\n");
});

test("a reader that is killed holds its command up no longer", async () => {
  await using korun = new Korun();
  const child = korun.spawn([
    "run",
    "--name",
    "job",
    "--",
    "sh",
    "-c",
    "seq 3000000; touch printed",
  ]);
  await korun.until("job", ({ stdout_lines: lines }) => lines > 1_000, "output of the job");
  child.kill("SIGKILL");
  await child.exited;
  await waitFor("the job to print the rest", () => existsSync(join(korun.work, "printed")));
  expect(await korun.until("job", ({ state }) => state === "exited")).toMatchObject({
    exit_code: 0,
    stdout_bytes: 22_888_896,
  });
});

test("what a stop cuts off is no reader's to wait for", async () => {
  await using korun = new Korun();
  const reading = startInShell(
    korun,
    "korun run --name job -- yes | { until test -e go; do sleep 0.02; done; cat >rest; }",
  );
  await korun.until("job", ({ stdout_lines: lines }) => lines > 5_000, "output of the job");
  await korun.ok(["stop", "job"]);
  expect((await korun.session("job")).state).toBe("exited");
  writeFileSync(join(korun.work, "go"), "");
  expect(await reading.exited).toBe(0);
});

test("the death of the daemon, again and again, takes nothing from what is shown", async () => {
  await using korun = new Korun();
  const command = ["seq", "-f", "%080.0f", "500000"];
  const child = korun.spawn(["run", "--name", "job", "--", ...command]);
  const shown = new Reading(child.stdout);
  let length = 0;
  for (let kill = 0; kill < 5; kill += 1) {
    length = (await shown.reached(length + 2_000_000)).length;
    process.kill((await korun.status()).pid, "SIGKILL");
  }
  const all = await shown.all;
  expect(hashOf(all)).toBe(hashOfLines(500_000, 80));
  expect([await child.exited, await new Response(child.stderr).text()]).toEqual([0, ""]);
});
