import { expect, test } from "bun:test";
import { digestLines } from "../../src/cli/show/digest-text.ts";
import { korun } from "./support/cli.ts";
import { always, FakeDaemon, session } from "./support/fake-daemon.ts";

const web = session();
const ERROR = {
  count: 2,
  level: "error",
  shape: "ERROR <n> failed",
  first_seq: 4,
  seq: 9,
  ts: "2026-03-16T12:00:00.000Z",
  stream: "stderr",
  run: 3,
  line: "ERROR 17 failed",
} as const;
const DIGEST = {
  session_id: web.id,
  stream: "blended",
  run: 3,
  lines: 1_203,
  complete: false,
  levels: { trace: 0, debug: 0, info: 1_200, warn: 1, error: 2 },
  errors: [ERROR, { ...ERROR, count: 1, seq: 12, line: "boom \x07" }],
  repeated: [{ ...ERROR, count: 1_100, level: "info", shape: "GET /<n>" }],
  next_seq: 1_204,
} as const;

test("a digest is a few lines for a person", () => {
  expect(digestLines(DIGEST, (text) => text)).toEqual([
    "run 3: 1203 lines; what came before them is no longer held",
    "2 error, 1 warn, 1200 info",
    "",
    "last errors:",
    "  #9 ERROR 17 failed (2 times)",
    "  #12 boom \\x07",
    "",
    "repeated:",
    "    1100 × GET /<n>",
  ]);
});

test("a digest of next to nothing is shorter", () => {
  const levels = { trace: 0, debug: 0, info: 0, warn: 0, error: 0 };
  const none = { ...DIGEST, run: null, lines: 1, complete: true, levels, errors: [], repeated: [] };
  expect(digestLines({ ...none, stream: "stderr" }, (text) => text)).toEqual([
    "1 line of stderr",
    "no messages",
  ]);
});

test("flags choose what it is made of, and --json shows the API's own body", async () => {
  await using daemon = new FakeDaemon({ "GET /v1/sessions/web/digest": always(DIGEST) });
  const flags = ["--since", "5m", "--run", "last", "--stream", "stderr", "--json"];
  const told = await korun(daemon, ["digest", "web", ...flags]);
  expect(told).toEqual({ code: 0, stdout: `${JSON.stringify(DIGEST)}\n`, stderr: "" });
  expect(daemon.lines).toEqual(["GET /v1/sessions/web/digest?run=last&since=5m&stream=stderr"]);
  const shown = await korun(daemon, ["digest", "web"]);
  expect(shown.stdout).toStartWith("run 3: 1203 lines");
});
