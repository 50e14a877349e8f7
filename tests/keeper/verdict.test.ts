import { expect, test } from "bun:test";
import { judge, type Outcome, type Standing } from "../../src/keeper/verdict.ts";

const READY = { kind: "ready", text: "" } as const;
const SILENT = { kind: "silent" } as const;
const REFUSED = { kind: "refused", text: "", reason: "port 1 is taken", hint: undefined } as const;
const KILL = { status: { code: null, signal: "SIGKILL" } } as const;

function verdict(outcome: Partial<Outcome>, standing: Partial<Standing> = {}) {
  return judge(
    { pid: 12, end: KILL, report: READY, bye: false, ...outcome },
    {
      isTrial: false,
      everServed: true,
      deaths: 0,
      stopping: false,
      stopStarts: 0,
      isHomeGone: false,
      isHomeTaken: () => false,
      ...standing,
    },
  );
}

test("A daemon that said bye, or ended with 0, takes the keeper along", () => {
  const left = { kind: "leave", code: 0 };
  expect(verdict({ bye: true })).toMatchObject(left);
  expect(verdict({ bye: true, end: {} })).toMatchObject(left);
  expect(verdict({ end: { status: { code: 0, signal: null } } })).toMatchObject(left);
});

test("Any other end is followed by a start", () => {
  expect(verdict({})).toEqual({ kind: "again", why: "was ended by SIGKILL" });
  expect(verdict({ end: {} })).toEqual({ kind: "again", why: "has ended" });
  expect(verdict({ end: { status: { code: 3, signal: null } }, report: SILENT })).toEqual({
    kind: "again",
    why: "has ended with 3 before it served",
  });
});

test("A first start that is refused is left to whoever launched it", () => {
  expect(verdict({ report: REFUSED }, { everServed: false })).toEqual({
    kind: "leave",
    code: 1,
    why: "could not start: port 1 is taken",
  });
});

test("A later one is tried again, unless another daemon has the home", () => {
  // It may well say bye: that it ended was its decision, that it could not start was not.
  expect(verdict({ report: REFUSED, bye: true })).toMatchObject({ kind: "again" });
  expect(verdict({ report: REFUSED }, { isHomeTaken: () => true })).toMatchObject({
    kind: "leave",
    code: 0,
  });
});

test("A daemon whose home was removed has no successor", () => {
  expect(verdict({}, { isHomeGone: true })).toMatchObject({ kind: "leave", code: 1 });
});

test("Daemons that never come to serve are given up, those that once did never", () => {
  const crash = { end: { status: { code: 3, signal: null } }, report: SILENT } as const;
  expect(verdict(crash, { everServed: false, deaths: 4 })).toMatchObject({ kind: "again" });
  expect(verdict(crash, { everServed: false, deaths: 5 })).toMatchObject({
    kind: "leave",
    code: 3,
  });
  expect(verdict(crash, { deaths: 5_000 })).toMatchObject({ kind: "again" });
});

test("An upgrade follows however its daemon ended", () => {
  for (const end of [KILL, {}, { status: { code: 0, signal: null } }] as const) {
    expect(verdict({ end, upgrade: "/new", bye: true })).toEqual({
      kind: "upgrade",
      binary: "/new",
    });
  }
});

test("A new executable that does not serve is followed by the old one", () => {
  const trial = { isTrial: true };
  for (const report of [SILENT, REFUSED]) {
    expect(verdict({ report }, trial)).toMatchObject({ kind: "fall back" });
    expect(verdict({ report, end: { status: { code: 0, signal: null } } }, trial)).toMatchObject({
      kind: "fall back",
    });
  }
});

test("A stop that killed the daemon is tried again, twice", () => {
  const stopping = { stopping: true };
  expect(verdict({}, stopping)).toMatchObject({ kind: "again" });
  expect(verdict({}, { ...stopping, stopStarts: 1 })).toMatchObject({ kind: "again" });
  expect(verdict({}, { ...stopping, stopStarts: 2 })).toMatchObject({ kind: "leave", code: 1 });
  const terminated = { status: { code: null, signal: "SIGTERM" } } as const;
  expect(verdict({ end: terminated }, stopping)).toMatchObject({ kind: "leave" });
});

test("A daemon that lives on without its keeper is left alone", () => {
  expect(verdict({ end: "deserted" })).toMatchObject({ kind: "leave", code: 0 });
});
