// korun's home on a disk that is full, or that fails: nothing that runs may suffer, everything that
// needs no room still works, and the status says what is wrong.

import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { RunListReply } from "../../src/api/history-replies.ts";
import { FailingDisk } from "../support/failing-disk.ts";
import { Korun, processesWith } from "../support/korun.ts";
import { SmallDisk } from "../support/small-disk.ts";
import { waitFor } from "../support/wait.ts";

const CHATTY = "i=0; while :; do i=$((i+1)); echo line $i; sleep 0.005; done";

if (SmallDisk.possible()) describe("on a full disk", onFullDisk);
else test.skip("a home on a full disk: only root can mount one", () => {});

if (FailingDisk.possible()) describe("on a disk that fails", onFailingDisk);
else test.skip("a home on a disk that fails: only root can mount one, with ext4", () => {});

function onFullDisk(): void {
  test("what runs goes on, and all that needs no room works; afterwards everything does", async () => {
    await onDisk(smallDisk, async (korun, disk) => {
      const quiet = await korun.serve("echo up; exec sleep 600", ["--name", "quiet"]);
      const chatty = await korun.serve(CHATTY, ["--name", "chatty"]);
      const { pid } = await korun.session(chatty);
      const daemon = await korun.status();
      disk.fill();
      expect((await korun.status()).problem).toMatch(
        /^The disk of .* is full .* Free some space\.$/,
      );

      // Until the store cannot write any more either.
      await waitFor("the store to be full", async () => {
        await korun.ok(["restart", "quiet"]);
        return (await korun.status()).problem?.includes("cannot be written: the disk is full");
      });
      const before = await korun.session(chatty);
      await korun.until(chatty, ({ stdout_bytes }) => stdout_bytes > before.stdout_bytes + 100);
      expect((await korun.session(chatty)).pid).toBe(pid);
      expect((await korun.status()).pid).toBe(daemon.pid);
      expect(await korun.ok(["ls"])).toContain("quiet");
      expect(await korun.ok(["tail", "-n", "1", "quiet"])).toBe("[stdout] up");
      expect(await korun.ok(["stop", "quiet"])).toBe("quiet stopped");
      expect(await korun.ok(["why", "quiet"])).toContain("somebody stopped it");
      const refused = await korun.run(["serve", "--", "sleep", "600"]);
      expect(refused.code).toBe(1);
      expect(refused.stderr).toContain("ENOSPC: no space left on device");
      expect(refused.stderr).toContain("Free some space");
      expect(readdirSync(join(korun.home, "sessions")).sort()).toEqual([quiet, chatty].sort());

      disk.empty();
      await waitFor("all to be well again", async () => (await korun.status()).problem === null);
      await korun.serve("exec sleep 600", ["--name", "new"]);
      expect((await korun.session("quiet")).term_signal).toBe("SIGTERM");
    });
  });

  test("a daemon that is killed is followed, and goes on with what was started meanwhile", async () => {
    await onDisk(smallDisk, async (korun, disk) => {
      const id = await korun.serve("echo up; exec sleep 600", ["--name", "web"]);
      disk.fill();
      await waitFor("the store to be full", async () => {
        await korun.ok(["restart", "web"]);
        return (await korun.status()).problem?.includes("cannot be written");
      });
      await korun.ok(["restart", "web"]);
      const before = await korun.session("web");
      const daemon = await korun.status();
      process.kill(daemon.pid, "SIGKILL");
      const next = await waitFor("the next daemon", async () => {
        const status = await korun.status();
        return status.pid === daemon.pid ? undefined : status;
      });
      expect(next.port).toBe(daemon.port);
      expect(next.problem).toContain("the disk is full");
      const { pid, run } = before;
      expect(await korun.session("web")).toMatchObject({ state: "running", pid, run });
      const { runs } = await korun.json<RunListReply>(`/v1/sessions/${id}/runs`);
      expect(runs.at(-1)).toMatchObject({ number: run, pid, end: null });
      disk.empty();
      expect(await korun.ok(["stop", "web"])).toBe("web stopped");
      expect(processesWith(`KORUN_SESSION_ID=${id}`)).toEqual([]);
    });
  });
}

function onFailingDisk(): void {
  test("what runs goes on, and sessions can be looked at, restarted and stopped", async () => {
    await onDisk(failingDisk, async (korun, disk) => {
      await korun.serve("echo up; exec sleep 600", ["--name", "quiet"]);
      const chatty = await korun.serve(CHATTY, ["--name", "chatty"]);
      const daemon = await korun.status();
      disk.fail();
      expect((await korun.status()).problem).toContain("is read-only");
      expect(await korun.ok(["restart", "quiet"])).toBe("quiet restarted");
      expect((await korun.status()).problem).toContain(
        "cannot be written: its file system is read-only",
      );
      const before = await korun.session(chatty);
      await korun.until(chatty, ({ stdout_bytes }) => stdout_bytes > before.stdout_bytes + 100);
      await korun.until("quiet", ({ stdout_lines }) => stdout_lines === 2);
      expect(await korun.ok(["stop", "quiet"])).toBe("quiet stopped");
      const refused = await korun.run(["serve", "--", "sleep", "600"]);
      expect(refused.stderr).toContain("EROFS: read-only file system");
      expect((await korun.status()).pid).toBe(daemon.pid);
      expect(await korun.ok(["daemon", "stop"])).toBe("the daemon stopped");
    });
  });

  test("the keeper of a daemon that was killed waits for better times, and what runs goes on", async () => {
    await onDisk(failingDisk, async (korun, disk) => {
      const id = await korun.serve("exec sleep 600", ["--name", "quiet"]);
      const { pid } = await korun.status();
      const keeper = Number(JSON.parse(await Bun.file(join(korun.home, "keeper.lock")).text()).pid);
      disk.fail();
      process.kill(pid, "SIGKILL");
      await waitFor("the daemon to be gone", () => !existsSync(`/proc/${pid}`));
      const started = await korun.run(["serve", "--", "sleep", "600"]);
      expect(started.stderr).toContain("EROFS: read-only file system");
      expect(started.code).toBe(1);
      expect(processesWith(`KORUN_SESSION_ID=${id}`)).toHaveLength(1);
      expect(
        processesWith(`KORUN_HOME=${korun.home}`).some((found) => found.includes("keep")),
      ).toBe(true);
      // Nobody else will: the disk of this test does not come back.
      process.kill(keeper, "SIGTERM");
      for (const found of processesWith(`KORUN_SESSION_ID=${id}`)) {
        process.kill(Number.parseInt(found, 10), "SIGKILL");
      }
    });
  });
}

interface Disk {
  remove(): void;
}

function smallDisk(folder: string): SmallDisk {
  return new SmallDisk({ size: "12m", at: folder });
}

function failingDisk(folder: string): FailingDisk {
  return new FailingDisk(folder);
}

/** A korun with its home on a disk, which is taken away once nothing runs there any more. */
async function onDisk<D extends Disk>(
  make: (folder: string) => D,
  happens: (korun: Korun, disk: D) => Promise<void>,
): Promise<void> {
  await using korun = new Korun();
  mkdirSync(korun.home, { mode: 0o700 });
  const disk = make(korun.home);
  try {
    await happens(korun, disk);
  } finally {
    await korun.run(["daemon", "stop"]);
    const left = () => processesWith(`KORUN_HOME=${korun.home}`);
    await waitFor("all to be gone", () => left().length === 0);
    disk.remove();
  }
}
