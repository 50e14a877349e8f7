import { describe, expect, test } from "bun:test";
import { korun, result, start } from "./support/cli.ts";
import {
  type Answer,
  always,
  eventsFrom,
  FakeDaemon,
  Feed,
  refusal,
  session,
  textFrame,
} from "./support/fake-daemon.ts";
import { Reading } from "./support/reading.ts";

const web = session();
const api = session({ id: "b625f70f-7339-4fc8-93c2-db7037259565", name: null });

function entry(seq: number, line: string, facts: object = {}) {
  return { seq, ts: "2026-03-16T12:00:00.000Z", stream: "stdout", line, run: 1, ...facts };
}

function ndjson(...frames: object[]): string {
  return frames.map((frame) => `${JSON.stringify(frame)}\n`).join("");
}

describe("flags become a query:", () => {
  test.each([
    [["tail", "web"], "/v1/sessions/web/tail?format=text"],
    [["head", "web", "-n5"], "/v1/sessions/web/head?format=text&limit=5"],
    [
      ["logs", "web", "--stream", "stderr", "--limit=7"],
      "/v1/sessions/web/logs?format=text&stream=stderr&limit=7",
    ],
    [
      ["tail", "web", "--grep", "a&b", "--level", "error", "--since", "5m", "--no-ansi"],
      "/v1/sessions/web/tail?format=text&grep=a%26b&level=error&since=5m&ansi=0",
    ],
    [["logs", "web", "--run", "3"], "/v1/sessions/web/logs?format=text&run=3"],
    [["head", "web", "--run", "last"], "/v1/sessions/web/head?format=text&run=last"],
  ])("%j asks %s", async (args, path) => {
    await using daemon = new FakeDaemon({ [`GET ${path}`]: always("text\n") });
    const { code, stdout } = await korun(daemon, args);
    expect(daemon.lines).toEqual([`GET ${path}`]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: "text\n" });
  });
});

test("text is written byte for byte", async () => {
  const bytes = new Uint8Array(200_000).map((_, place) => (place * 7919) % 256);
  await using daemon = new FakeDaemon({ "GET /v1/sessions/web/logs": () => new Response(bytes) });
  const child = start(daemon, ["logs", "web", "--stream", "stdout"]);
  expect(new Uint8Array(await new Response(child.stdout).arrayBuffer())).toEqual(bytes);
  expect(await child.exited).toBe(0);
});

test("-t shows the time of each line, and what is no longer held", async () => {
  const entries = [entry(5, "up"), entry(6, "oh", { stream: "stderr" })];
  const page = { session_id: web.id, stream: "blended", entries, next_seq: 7, dropped: 4 };
  await using daemon = new FakeDaemon({ "GET /v1/sessions/web/logs": always(page) });
  const { stdout } = await korun(daemon, ["logs", "web", "-t", "--since-seq", "1"]);
  expect(stdout).toBe(
    "[korun] missed 4 lines\n" +
      "2026-03-16T12:00:00.000Z [stdout] up\n2026-03-16T12:00:00.000Z [stderr] oh\n",
  );
});

test("a refusal to show a log is told", async () => {
  await using daemon = new FakeDaemon({
    "GET /v1/sessions/nope/tail": () => refusal(404, "not_found", "no session nope"),
  });
  expect(await korun(daemon, ["tail", "nope"])).toEqual({
    code: 1,
    stdout: "",
    stderr: "korun: no session nope\n",
  });
});

test("an interval that ends before it begins is not asked for", async () => {
  await using daemon = new FakeDaemon({});
  const interval = ["--since", "10m", "--until", "20m"];
  const { code, stderr } = await korun(daemon, ["logs", "web", ...interval]);
  expect(code).toBe(2);
  expect(stderr).toStartWith("korun: --until is before --since: no line is from between them\n");
  expect(daemon.lines).toEqual([]);
});

function pageOf(entries: object[], next_seq: number): Answer {
  return always({ session_id: web.id, stream: "blended", entries, next_seq });
}

describe("a followed log", () => {
  test.each([
    [["tail", "-f", "web"], "tail?format=json", "format=frames&since_seq=7"],
    [["tail", "-ft", "-n3", "web"], "tail?format=json&limit=3", "format=json&since_seq=7"],
    [
      ["logs", "web", "--since-seq", "101", "-f", "--json", "--stream", "stderr"],
      "logs?format=json&stream=stderr&limit=0&since_seq=101",
      "format=json&stream=stderr&since_seq=7",
    ],
    [["head", "-f", "web"], "logs?format=json&limit=0&since_seq=0", "format=frames&since_seq=7"],
  ])("asked for by %j begins with a page and goes on from its end", async (args, page, follow) => {
    await using daemon = new FakeDaemon({
      [`GET /v1/sessions/web/${page}`]: pageOf([], 7),
      [`GET /v1/sessions/${web.id}/logs`]: always(""),
    });
    expect(await korun(daemon, args)).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(daemon.lines).toEqual([
      `GET /v1/sessions/web/${page}`,
      `GET /v1/sessions/${web.id}/logs?${follow}&follow=1`,
    ]);
  });

  test("is filtered at its source, first the page and then what comes", async () => {
    const page = "tail?format=json&regex=x%2B&until=2026-03-16T12%3A00%3A00%2B01%3A00";
    await using daemon = new FakeDaemon({
      [`GET /v1/sessions/web/${page}`]: pageOf([], 7),
      [`GET /v1/sessions/${web.id}/logs`]: always(""),
    });
    const until = "2026-03-16T12:00:00+01:00";
    const told = await korun(daemon, ["tail", "-f", "web", "--regex", "x+", "--until", until]);
    expect(told).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(daemon.lines[1]).toEndWith(
      "&follow=1&regex=x%2B&until=2026-03-16T12%3A00%3A00%2B01%3A00",
    );
  });

  test("goes on in the middle of a line, and with bytes that are no UTF-8", async () => {
    const last = entry(1, "\ufffd", {
      partial: true,
      base64: Buffer.from([0xff]).toString("base64"),
    });
    await using daemon = new FakeDaemon({
      "GET /v1/sessions/web/tail": pageOf([last], 2),
      [`GET /v1/sessions/${web.id}/logs`]: always(textFrame("!\n")),
    });
    const child = start(daemon, ["tail", "-f", "web", "--stream", "stdout"]);
    const shown = new Uint8Array(await new Response(child.stdout).arrayBuffer());
    expect([...shown]).toEqual([0xff, 0x21, 0x0a]);
    expect(daemon.lines[1]).toEndWith("since_seq=2&follow=1&open=stdout");
  });

  test("is shown as it comes, until it ends", async () => {
    const feed = new Feed();
    await using daemon = new FakeDaemon({
      "GET /v1/sessions/web/tail": pageOf([], 1),
      [`GET /v1/sessions/${web.id}/logs`]: feed.answer,
    });
    const child = start(daemon, ["tail", "-f", "web"]);
    const shown = new Reading(child.stdout);
    feed.push(textFrame("[stdout] one\n"));
    await shown.until("one\n");
    feed.push(textFrame("[stdout] two"));
    await shown.until("two");
    feed.end();
    expect(await child.exited).toBe(0);
    expect(await shown.all).toBe("[stdout] one\n[stdout] two");
  });

  test("with times joins what comes in pieces", async () => {
    const feed = new Feed();
    await using daemon = new FakeDaemon({
      "GET /v1/sessions/web/tail": pageOf([], 1),
      [`GET /v1/sessions/${web.id}/logs`]: feed.answer,
    });
    const child = start(daemon, ["tail", "-ft", "web", "--stream", "stdout"]);
    const shown = new Reading(child.stdout);
    const text = ndjson(entry(1, "öl", { partial: true }), entry(2, "!"));
    const bytes = new TextEncoder().encode(text);
    const middle = bytes.indexOf(0xc3) + 1;
    feed.push(bytes.subarray(0, middle));
    await feed.opened;
    feed.push(bytes.subarray(middle));
    feed.end();
    expect(await shown.all).toBe("2026-03-16T12:00:00.000Z öl!\n");
    expect(await child.exited).toBe(0);
  });

  test("ends, and lets go of the daemon, when its reader leaves", async () => {
    const feed = new Feed();
    await using daemon = new FakeDaemon({
      "GET /v1/sessions/web/tail": pageOf([], 1),
      [`GET /v1/sessions/${web.id}/logs`]: feed.answer,
    });
    const child = start(daemon, ["tail", "-f", "web"]);
    const reader = child.stdout.getReader();
    feed.push(textFrame("one\n"));
    await reader.read();
    await reader.cancel();
    // Not a byte more comes: that the reader has left must be noticed all the same.
    expect(await child.exited).toBe(141);
    await feed.gone;
    expect(await new Response(child.stderr).text()).toBe("");
  });

  test("that breaks off is told, not taken for its end", async () => {
    const feed = new Feed();
    const daemon = new FakeDaemon({
      "GET /v1/sessions/web/tail": pageOf([], 1),
      [`GET /v1/sessions/${web.id}/logs`]: feed.answer,
    });
    const child = start(daemon, ["tail", "-f", "web"]);
    const shown = new Reading(child.stdout);
    feed.push(textFrame("one\n"));
    await shown.until("one\n");
    await daemon[Symbol.asyncDispose]();
    expect(await child.exited).toBe(1);
    expect(await new Response(child.stderr).text()).toStartWith("korun: the daemon went away");
  });
});

describe("logs -f without an id", () => {
  test("follows every session, each line named", async () => {
    const [webFeed, apiFeed] = [new Feed(), new Feed()];
    await using daemon = new FakeDaemon({
      "GET /v1/events": eventsFrom(new Feed()),
      "GET /v1/sessions": always({ sessions: [web, api] }),
      [`GET /v1/sessions/${web.id}/logs?format=json&limit=10`]: pageOf([entry(1, "old")], 2),
      [`GET /v1/sessions/${api.id}/logs?format=json&limit=10`]: pageOf([], 1),
      [`GET /v1/sessions/${web.id}/logs`]: webFeed.answer,
      [`GET /v1/sessions/${api.id}/logs`]: apiFeed.answer,
    });
    const child = start(daemon, ["logs", "-f"]);
    const [shown, told] = [new Reading(child.stdout), new Reading(child.stderr)];
    webFeed.push(ndjson(entry(2, "up")));
    await shown.until("web [stdout] old\nweb [stdout] up\n");
    apiFeed.push(ndjson(entry(1, "oh", { stream: "stderr" }), { missed: 3, next_seq: 5 }));
    await shown.until("b625f70f [stderr] oh\n");
    await told.until("b625f70f [korun] missed 3 lines\n");
    expect(daemon.lines).toContain(
      `GET /v1/sessions/${web.id}/logs?format=json&since_seq=2&follow=1`,
    );
    child.kill("SIGINT");
    await child.exited;
    expect(child.signalCode).toBe("SIGINT");
  });

  test("lets new sessions join from their first line, and restarted ones go on", async () => {
    const events = new Feed();
    const feeds = [new Feed(), new Feed()];
    const apiFeed = new Feed();
    let opened = 0;
    await using daemon = new FakeDaemon({
      "GET /v1/events": eventsFrom(events),
      "GET /v1/sessions": always({ sessions: [web] }),
      [`GET /v1/sessions/${web.id}/logs?format=json&stream=stdout&limit=2`]: pageOf([], 7),
      [`GET /v1/sessions/${web.id}/logs`]: (asked, request) => {
        const feed = feeds[opened++] ?? new Feed();
        return feed.answer(asked, request);
      },
      [`GET /v1/sessions/${api.id}/logs`]: apiFeed.answer,
    });
    const child = start(daemon, ["logs", "-f", "--stream", "stdout", "-n", "2"]);
    const shown = new Reading(child.stdout);
    feeds[0]?.push(ndjson(entry(7, "old")));
    feeds[0]?.end();
    await shown.until("web old\n");

    events.push(ndjson({ seq: 1, type: "created", session_id: api.id, name: null }));
    apiFeed.push(ndjson(entry(1, "first")));
    await shown.until("b625f70f first\n");

    events.push(ndjson({ seq: 2, type: "starting", session_id: web.id, run: 2 }));
    feeds[1]?.push(ndjson(entry(8, "again")));
    await shown.until("web again\n");

    child.kill("SIGINT");
    await child.exited;
    const follows = daemon.lines.filter(
      (line) => line.includes("/logs") && line.includes("follow"),
    );
    expect(follows).toEqual([
      `GET /v1/sessions/${web.id}/logs?format=json&stream=stdout&since_seq=7&follow=1`,
      `GET /v1/sessions/${api.id}/logs?format=json&stream=stdout&since_seq=0&follow=1`,
      `GET /v1/sessions/${web.id}/logs?format=json&stream=stdout&since_seq=8&follow=1`,
    ]);
    expect(await shown.all).toBe("web old\nb625f70f first\nweb again\n");
  });

  test("tells those of one name apart, also one that joins", async () => {
    const events = new Feed();
    const [old, older, third] = ["b625f70f", "b725f70f", "c725f70f"].map((start) =>
      session({ id: `${start}-7339-4fc8-93c2-db7037259565`, state: "exited" }),
    );
    const printing = (line: string): Answer => always(ndjson(entry(1, line)));
    await using daemon = new FakeDaemon({
      "GET /v1/events": eventsFrom(events),
      "GET /v1/sessions": always({ sessions: [old, older, web] }),
      [`GET /v1/sessions/${web.id}/logs?format=json&limit=10`]: pageOf([], 1),
      [`GET /v1/sessions/${old?.id}/logs?format=json&limit=10`]: pageOf([], 1),
      [`GET /v1/sessions/${web.id}/logs`]: printing("one"),
      [`GET /v1/sessions/${old?.id}/logs`]: printing("two"),
      [`GET /v1/sessions/${third?.id}/logs`]: printing("three"),
    });
    const child = start(daemon, ["logs", "-f"]);
    const shown = new Reading(child.stdout);
    await shown.until("web [stdout] one\n");
    await shown.until("web (b625f70f) [stdout] two\n");
    events.push(ndjson({ seq: 1, type: "created", session_id: third?.id, name: "web" }));
    await shown.until("web (c725f70f) [stdout] three\n");
    child.kill("SIGINT");
    await child.exited;
  });

  test("ends at --until, with what had come by then", async () => {
    const feed = new Feed();
    await using daemon = new FakeDaemon({
      "GET /v1/events": eventsFrom(new Feed()),
      "GET /v1/sessions": always({ sessions: [web] }),
      [`GET /v1/sessions/${web.id}/logs?format=json&limit=10&until=0s`]: pageOf([], 1),
      [`GET /v1/sessions/${web.id}/logs`]: feed.answer,
    });
    const child = start(daemon, ["logs", "-f", "--until", "0s"]);
    await feed.opened;
    feed.push(ndjson(entry(1, "last")));
    feed.end();
    expect(await result(child)).toEqual({ code: 0, stdout: "web [stdout] last\n", stderr: "" });
  });

  test("in JSON says whose each line is", async () => {
    const feed = new Feed();
    await using daemon = new FakeDaemon({
      "GET /v1/events": eventsFrom(new Feed()),
      "GET /v1/sessions": always({ sessions: [web] }),
      [`GET /v1/sessions/${web.id}/logs?format=json&limit=10`]: pageOf([], 1),
      [`GET /v1/sessions/${web.id}/logs`]: feed.answer,
    });
    const child = start(daemon, ["logs", "-f", "--json"]);
    const shown = new Reading(child.stdout);
    feed.push(ndjson(entry(1, "up")));
    await shown.until("\n");
    expect(JSON.parse(shown.text)).toEqual({ session_id: web.id, ...entry(1, "up") });
    child.kill("SIGINT");
    await child.exited;
  });

  test("forgets a session that is removed meanwhile", async () => {
    const sessions = [web, api];
    const feed = new Feed();
    await using daemon = new FakeDaemon({
      "GET /v1/events": eventsFrom(new Feed()),
      "GET /v1/sessions": () => Response.json({ sessions }),
      [`GET /v1/sessions/${api.id}/logs?format=json&limit=10`]: pageOf([], 1),
      [`GET /v1/sessions/${web.id}/logs`]: () => refusal(404, "not_found", "no such session"),
      [`GET /v1/sessions/${api.id}/logs`]: feed.answer,
    });
    const child = start(daemon, ["logs", "-f"]);
    const shown = new Reading(child.stdout);
    feed.push(ndjson(entry(1, "up")));
    await shown.until("up\n");
    child.kill("SIGINT");
    await child.exited;
    expect(await new Response(child.stderr).text()).toBe("");
  });

  test("ends when its reader leaves", async () => {
    const feed = new Feed();
    await using daemon = new FakeDaemon({
      "GET /v1/events": eventsFrom(new Feed()),
      "GET /v1/sessions": always({ sessions: [web] }),
      [`GET /v1/sessions/${web.id}/logs?format=json&limit=10`]: pageOf([], 1),
      [`GET /v1/sessions/${web.id}/logs`]: feed.answer,
    });
    const child = start(daemon, ["logs", "-f"]);
    const reader = child.stdout.getReader();
    feed.push(ndjson(entry(1, "up")));
    await reader.read();
    await reader.cancel();
    expect(await child.exited).toBe(141);
    await feed.gone;
  });

  test("needs a daemon", async () => {
    await using daemon = new FakeDaemon();
    const { code, stderr } = await korun(daemon, ["logs", "-f"]);
    expect(code).toBe(1);
    expect(stderr).toStartWith("korun: no daemon is running\n");
  });
});
