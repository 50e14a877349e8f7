// Limits of memory and time, on real processes that keep them or do not.

import { describe, expect, test } from "bun:test";
import type { EventListReply, RunListReply } from "../../src/api/history-replies.ts";
import { Korun } from "../support/korun.ts";
import { waitFor } from "../support/wait.ts";
import { errorOf, send, untilPrinted } from "./support/api.ts";

const MIB = 1_048_576;

/** A shell word that holds so many MiB, says so, and stays. */
function holding(mib: number): string {
  const script = `const held = Buffer.alloc(${mib * MIB}, 1); console.log("holds"); setInterval(() => held, 1 << 30)`;
  return `'${process.execPath}' -e '${script}'`;
}

async function runsOf(korun: Korun, id: string): Promise<RunListReply["runs"]> {
  return (await korun.json<RunListReply>(`/v1/sessions/${id}/runs`)).runs;
}

async function rssOf(korun: Korun, id: string): Promise<number> {
  return (await korun.json<{ rss_bytes: number }>(`/v1/sessions/${id}/stats`)).rss_bytes;
}

describe("max_rss", () => {
  test("ends a session that grows beyond it, gracefully, and spares one that does not", async () => {
    await using korun = new Korun();
    const small = await korun.serve(holding(10), ["--max-rss", "200M"]);
    await untilPrinted(korun, small, /^holds$/);
    const script = `trap "echo bye; exit 0" TERM; ${holding(250)} & wait`;
    const big = await korun.serve(script, ["--name", "big", "--max-rss", "200M"]);
    const session = await korun.until(big, ({ state }) => state === "exited");
    expect(await korun.lines(big)).toContain("bye");
    expect(session.max_rss).toBe(200 * MIB);
    expect(session.last_end).toMatchObject({ kind: "limit", limit: "max_rss" });
    expect(JSON.stringify(session.last_end)).toMatch(
      /"its processes hold \d+ MiB of memory, over the limit of 200 MiB"/,
    );

    const end = session.last_end ?? undefined;
    const [run] = await runsOf(korun, big);
    expect(run?.end).toEqual(end);
    const { events } = await korun.json<EventListReply>("/v1/events");
    const exited = events.find(({ type, session_id }) => type === "exited" && session_id === big);
    expect(exited?.end).toEqual(end);
    expect(await korun.ok(["why", "big"])).toContain("over the limit of 200 MiB");

    // The look that saw the big one saw this one as well: far over 200 bytes, KiB or kilobytes.
    expect(await rssOf(korun, small)).toBeGreaterThan(10 * MIB);
    expect((await korun.session(small)).state).toBe("running");
  });

  test("is for the whole tree: each alone would keep it", async () => {
    await using korun = new Korun();
    const script = `${holding(80)} & setsid ${holding(80)} & wait`;
    const id = await korun.serve(script, ["--max-rss", "200M"]);
    const session = await korun.until(id, ({ state }) => state === "exited");
    expect(session.last_end).toMatchObject({ kind: "limit", limit: "max_rss" });
  });

  test("that is exceeded counts as a failure for the restart policy", async () => {
    await using korun = new Korun();
    const flags = ["--max-rss", "150M", "--restart", "fixed:1ms", "--max-restarts", "1"];
    const id = await korun.serve(holding(200), flags);
    await korun.until(id, ({ gave_up }) => gave_up, "the policy to give up");
    const runs = await runsOf(korun, id);
    expect(runs.map(({ end }) => end?.kind)).toEqual(["limit", "limit"]);
  });

  test.each(["much", "0", "-1M", "1.5X"])(
    "of %s is refused, and says what would do",
    async (size) => {
      await using korun = new Korun();
      const body = { command: ["true"], max_rss: size };
      const response = await send(korun, "POST", { path: "/v1/sessions", body });
      expect(response.status).toBe(400);
      const { field, message } = await errorOf(response);
      expect(field).toBe("max_rss");
      expect(message).toMatch(size === "0" ? /more than 0/ : /such as .*512M/);
      expect(message).toContain(`"${size}"`);
    },
  );
});

describe("max_runtime", () => {
  test("ends a run when its time is over, gracefully, and the next one has its own", async () => {
    await using korun = new Korun();
    const script = 'trap "echo bye $KORUN_RUN; exit 0" TERM; sleep 600 & wait';
    const flags = ["--max-runtime", "300ms", "--restart", "fixed:1ms", "--max-restarts", "1"];
    const id = await korun.serve(script, flags);
    await korun.until(id, ({ gave_up }) => gave_up, "the policy to give up");
    expect(await korun.lines(id)).toEqual(["bye 1", "bye 2"]);
    for (const { started_at, ended_at, end } of await runsOf(korun, id)) {
      const reason = "it has run for 300ms, as long as it may";
      expect(end).toEqual({ kind: "limit", limit: "max_runtime", reason });
      expect(Date.parse(ended_at ?? "") - Date.parse(started_at)).toBeGreaterThanOrEqual(290);
    }
  });

  test("counts from the run's start, though the daemon died in between", async () => {
    await using korun = new Korun();
    const id = await korun.serve("exec sleep 600", ["--max-runtime", "4s"]);
    await killDaemon(korun, { id, olderThanMs: 2_000 });
    const session = await korun.until(id, ({ state }) => state === "exited");
    expect(session.last_end).toMatchObject({ kind: "limit", limit: "max_runtime" });
    const [run, ...others] = await runsOf(korun, id);
    expect(others).toEqual([]);
    const ended = Date.parse(run?.ended_at ?? "");
    expect(ended - Date.parse(run?.started_at ?? "")).toBeGreaterThanOrEqual(3_900);
    // Were it counted from the next daemon's start, it would have lasted two seconds longer.
    expect(ended - Date.parse((await korun.status()).started_at)).toBeLessThan(4_000);
  });

  test("that is over before the next daemon is there ends the run then", async () => {
    await using korun = new Korun();
    const id = await korun.serve("exec sleep 600", ["--max-runtime", "1500ms"]);
    await killDaemon(korun, { id, olderThanMs: 2_000 });
    const session = await korun.until(id, ({ state }) => state === "exited");
    expect(session.last_end).toMatchObject({ kind: "limit", limit: "max_runtime" });
  });
});

/** Holds the daemon until a session's run is so old, kills it, and waits for the next one. */
async function killDaemon(
  korun: Korun,
  { id, olderThanMs }: { id: string; olderThanMs: number },
): Promise<void> {
  const [run] = await runsOf(korun, id);
  const { pid } = await korun.status();
  process.kill(pid, "SIGSTOP");
  const age = () => Date.now() - Date.parse(run?.started_at ?? "");
  await waitFor("the run to be older", () => age() > olderThanMs);
  process.kill(pid, "SIGKILL");
  await waitFor("the next daemon", async () => (await korun.status()).pid !== pid);
}
