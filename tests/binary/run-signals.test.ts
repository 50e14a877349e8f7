// Ctrl-C and its relatives: the first stops a foreground session, the second kills it, the third
// leaves it alone.

import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { Reading } from "../cli/support/reading.ts";
import { BINARY, Korun } from "../support/korun.ts";
import { waitFor } from "../support/wait.ts";
import { livingOf } from "./support/processes.ts";
import { CTRL_C, Terminal } from "./support/terminal.ts";

const POLITE = "trap 'echo bye; exit 5' TERM; echo ready; while :; do sleep 0.02; done";
const STUBBORN = "trap '' TERM; echo ready; while :; do sleep 0.05; done";

function shell(script: string): string[] {
  return ["run", "--name", "job", "--grace", "10m", "--", "sh", "-c", script];
}

describe("on a terminal", () => {
  test("Ctrl-C stops the session gracefully, and its last words are shown", async () => {
    await using korun = new Korun();
    await using terminal = Terminal.korun(korun, shell(POLITE));
    await terminal.until("ready");
    terminal.type(CTRL_C);
    expect(await terminal.exited).toBe(5);
    expect(terminal.shown).toContain("korun: stopping; once more kills it\r\n");
    expect(terminal.lines).toContain("bye");
    expect(await korun.session("job")).toMatchObject({ state: "exited", exit_code: 5 });
  });

  test("a second Ctrl-C kills it", async () => {
    await using korun = new Korun();
    await using terminal = Terminal.korun(korun, shell(STUBBORN));
    await terminal.until("ready");
    terminal.type(CTRL_C);
    await terminal.until("once more kills it");
    const { id, state } = await korun.session("job");
    expect(state).not.toBe("exited");
    terminal.type(CTRL_C);
    expect(await terminal.exited).toBe(137);
    expect(livingOf(id)).toEqual([]);
  });

  test("a third Ctrl-C leaves it alone, where not even the daemon answers", async () => {
    await using korun = new Korun();
    await using terminal = Terminal.korun(korun, shell(STUBBORN));
    await terminal.until("ready");
    const { pid } = await korun.status();
    process.kill(pid, "SIGSTOP");
    try {
      terminal.type(CTRL_C);
      await terminal.until("once more kills it");
      terminal.type(CTRL_C);
      await terminal.until("once more leaves it alone");
      terminal.type(CTRL_C);
      expect(await terminal.exited).toBe(130);
    } finally {
      process.kill(pid, "SIGCONT");
    }
    // What was asked for before is done all the same.
    await korun.until("job", ({ state }) => state === "exited");
  });

  test("a terminal that closes stops the session", async () => {
    await using korun = new Korun();
    await using terminal = Terminal.korun(korun, shell(POLITE));
    await terminal.until("ready");
    const { id } = await korun.session("job");
    terminal.close();
    await terminal.exited;
    await korun.until("job", ({ state }) => state === "exited");
    expect(livingOf(id)).toEqual([]);
    expect(await korun.lines("job", "stdout")).toEqual(["ready", "bye"]);
  });
});

describe("without a terminal", () => {
  test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
    "%s to its process group stops the session gracefully",
    async (signal) => {
      await using korun = new Korun();
      const child = Bun.spawn([BINARY, ...shell(POLITE)], {
        cwd: korun.work,
        env: korun.env,
        detached: true, // in a group of its own, as a shell with job control starts it
        stdin: "ignore",
        stdout: "pipe",
        stderr: "pipe",
      });
      const shown = new Reading(child.stdout);
      await shown.until("ready\n");
      process.kill(-child.pid, signal);
      expect(await shown.all).toBe("ready\nbye\n");
      expect(await child.exited).toBe(5);
      expect(await korun.session("job")).toMatchObject({ state: "exited", exit_code: 5 });
    },
  );
});

test("a signal that comes before there is a session stops it as soon as there is", async () => {
  await using korun = new Korun();
  await korun.ok(["daemon", "start"]);
  const { pid } = await korun.status();
  process.kill(pid, "SIGSTOP");
  const child = korun.spawn(shell(STUBBORN));
  try {
    await waitFor("korun run to listen for signals", () => catches(child.pid, SIGINT));
    child.kill("SIGINT");
    const said = new Reading(child.stderr);
    await said.until("stopping; once more kills it\n");
    child.kill("SIGINT");
    await said.until("killing");
  } finally {
    process.kill(pid, "SIGCONT");
  }
  expect(await child.exited).toBe(137);
  const { id, state } = await korun.session("job");
  expect(state).toBe("exited");
  expect(livingOf(id)).toEqual([]);
});

const SIGINT = 2;

/** Whether a process has a handler for a signal. */
function catches(pid: number, signal: number): boolean {
  const mask = /^SigCgt:\s+([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return ((BigInt(`0x${mask}`) >> BigInt(signal - 1)) & 1n) === 1n;
}
