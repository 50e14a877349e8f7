import { expect, test } from "bun:test";
import { differingParts } from "../../src/domain/same-spec.ts";
import { NOTHING_MORE, type SessionSpec } from "../../src/domain/session.ts";

const SPEC: SessionSpec = {
  ...NOTHING_MORE,
  command: ["npm", "run", "dev"],
  cwd: "/project",
  name: "web",
  watch: ["src", "*.json"],
  ignore: ["dist"],
  env: { PORT: "3000", MODE: "a" },
  inherited: { env: { PATH: "/bin" }, umask: 0o22, openFiles: 1_024 },
  graceMs: 2_000,
  debounceMs: 250,
  restart: {
    kind: "fixed",
    delayMs: 1_000,
    on: "any",
    resetAfterMs: 60_000,
    maxRestarts: undefined,
  },
  ready: [{ check: { kind: "url", url: "http://localhost", status: undefined }, timeoutMs: 1_000 }],
  pty: { cols: 80, rows: 24 },
};

test("what is asked for twice in the same way is the same", () => {
  expect(differingParts(SPEC, structuredClone(SPEC))).toEqual([]);
});

test("what came back from the store is the same, though it has lost what was undefined", () => {
  const stored = JSON.parse(JSON.stringify(SPEC)) as SessionSpec;
  expect("maxRestarts" in stored.restart).toBeFalse();
  expect(differingParts(SPEC, stored)).toEqual([]);
});

test("the order of variables is nothing, that of arguments and entries is", () => {
  expect(differingParts(SPEC, { ...SPEC, env: { MODE: "a", PORT: "3000" } })).toEqual([]);
  expect(differingParts(SPEC, { ...SPEC, watch: ["*.json", "src"] })).toEqual(["watch"]);
});

test("who asks is nothing: another environment, another umask, another window", () => {
  const elsewhere = { env: { PATH: "/usr/bin" }, umask: undefined, openFiles: undefined };
  const other = { ...SPEC, inherited: elsewhere, pty: { cols: 200, rows: 60 } };
  expect(differingParts(SPEC, other)).toEqual([]);
  expect(differingParts(SPEC, { ...SPEC, inherited: undefined })).toEqual([]);
});

test("a folder is the same however its path is written", () => {
  for (const cwd of ["/project/", "//project", "/project/.", "/./project//"]) {
    expect(differingParts(SPEC, { ...SPEC, cwd })).toEqual([]);
  }
  expect(differingParts({ ...SPEC, cwd: "/" }, { ...SPEC, cwd: "//" })).toEqual([]);
  expect(differingParts(SPEC, { ...SPEC, cwd: "/project/.git" })).toEqual(["cwd"]);
  expect(differingParts(SPEC, { ...SPEC, cwd: "/project/../x" })).toEqual(["cwd"]);
});

test("every other part makes another session", () => {
  const others: Partial<SessionSpec>[] = [
    { command: ["npm", "run", "test"] },
    { cwd: "/elsewhere" },
    { watch: [] },
    { ignore: [] },
    { env: { PORT: "3001", MODE: "a" } },
    { graceMs: 1 },
    { debounceMs: 1 },
    { restart: { kind: "never" } },
    { ready: [] },
    {
      health: {
        check: { kind: "port", port: 1 },
        intervalMs: 1,
        timeoutMs: 1,
        threshold: 1,
        restart: false,
      },
    },
    { maxRssBytes: 1 },
    { maxRuntimeMs: 1 },
    { stdin: "pipe" },
    { pty: undefined },
  ];
  for (const other of others) {
    expect(differingParts(SPEC, { ...SPEC, ...other })).toEqual(Object.keys(other) as never);
  }
});
