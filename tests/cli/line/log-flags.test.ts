import { describe, expect, test } from "bun:test";
import { type LogFlags, planLog, planOfEach } from "../../../src/cli/line/log-flags.ts";

function flags(given: Partial<LogFlags> = {}): LogFlags {
  return {
    follow: false,
    limit: undefined,
    stream: undefined,
    "since-seq": undefined,
    run: undefined,
    grep: undefined,
    regex: undefined,
    level: undefined,
    since: undefined,
    until: undefined,
    "no-ansi": false,
    times: false,
    format: undefined,
    json: false,
    ...given,
  };
}

test("each command asks its own endpoint, for text", () => {
  for (const action of ["logs", "tail", "head"] as const) {
    expect(planLog(action, flags())).toMatchObject({ action, query: { format: "text" } });
  }
});

test("an entry to begin at is for the logs endpoint, whichever command it was", () => {
  for (const action of ["logs", "tail", "head"] as const) {
    expect(planLog(action, flags({ "since-seq": "7", limit: "3" }))).toMatchObject({
      action: "logs",
      query: { sinceSeq: 7, limit: 3 },
    });
  }
});

test("head -f shows all there is, then what is to come", () => {
  expect(planLog("head", flags({ follow: true }))).toMatchObject({
    action: "logs",
    query: { sinceSeq: 0, follow: true },
  });
});

test("times need the JSON, and are shown as text", () => {
  expect(planLog("tail", flags({ times: true }))).toMatchObject({
    json: false,
    times: true,
    query: { format: "json" },
  });
});

test("--json and --format json are the same", () => {
  expect(planLog("tail", flags({ json: true }))).toEqual(
    planLog("tail", flags({ format: "json" })),
  );
});

test("all sessions are followed in JSON, with ten lines of history of each", () => {
  const plan = planOfEach(flags({ follow: true }));
  expect(plan).toMatchObject({ history: 10, json: false, query: { format: "json", follow: true } });
  expect(planOfEach(flags({ follow: true, limit: "0" })).history).toBe(0);
});

test("filters are the API's own, of one session and of all", () => {
  const given = flags({
    grep: "a b",
    regex: "^x",
    level: "warn",
    since: "5m",
    until: "1m",
    "no-ansi": true,
  });
  const filters = {
    grep: "a b",
    regex: "^x",
    level: "warn",
    since: "5m",
    until: "1m",
    ansi: "0",
  } as const;
  for (const plan of [planLog("tail", given), planOfEach({ ...given, follow: true })]) {
    expect(plan.query).toMatchObject(filters);
    expect(plan.filters).toEqual(filters);
  }
});

describe("it is refused:", () => {
  test.each([
    ["JSON with times", () => planLog("tail", flags({ json: true, times: true }))],
    ["JSON as text", () => planLog("tail", flags({ json: true, format: "text" }))],
    ["a limit on all that is to come", () => planLog("head", flags({ follow: true, limit: "5" }))],
    [
      "a limit from an entry on",
      () => planLog("logs", flags({ follow: true, limit: "5", "since-seq": "1" })),
    ],
    ["one entry of many sessions", () => planOfEach(flags({ follow: true, "since-seq": "1" }))],
  ])("%s", (_, plan) => {
    expect(plan).toThrow(expect.objectContaining({ code: "bad_request" }));
  });
});
