// Which session a UUID, a name or the beginning of a UUID means.

import { expect, test } from "bun:test";
import { Problem } from "../../src/domain/problem.ts";
import { type Named, resolveReference } from "../../src/supervisor/reference.ts";

const FIRST = "9b2d6c33-8b13-4c51-8cd0-8de7d8f4ef01";
const SECOND = "9b2d1111-8b13-4c51-8cd0-8de7d8f4ef01";
const THIRD = "0123cafe-8b13-4c51-8cd0-8de7d8f4ef01";

function session(id: string, facts: { name?: string; live?: boolean } = {}): Named {
  return { id, name: facts.name, holdsName: () => facts.live ?? false };
}

function problemOf(sessions: readonly Named[], reference: string): Problem {
  try {
    resolveReference(sessions, reference);
  } catch (thrown) {
    if (thrown instanceof Problem) return thrown;
    throw thrown;
  }
  throw new Error(`${reference} was found`);
}

const three = [session(FIRST), session(SECOND), session(THIRD)];

test("a UUID is found in any case, and so is a unique beginning of it", () => {
  for (const reference of [
    SECOND,
    SECOND.toUpperCase(),
    "9b2d1",
    "9B2D1111-8b",
    SECOND.slice(0, -1),
  ]) {
    expect(resolveReference(three, reference).id).toBe(SECOND);
  }
});

test("a beginning of several is a conflict that lists them", () => {
  const problem = problemOf(three, "9b2d");
  expect(problem.code).toBe("conflict");
  expect(problem.hint).toContain(FIRST);
  expect(problem.hint).toContain(SECOND);
});

test("a beginning of fewer than four digits is not found, and the hint says how many it takes", () => {
  for (const reference of ["012", "9"]) {
    const problem = problemOf(three, reference);
    expect(problem.code).toBe("not_found");
    expect(problem.hint).toContain("4 characters");
  }
});

test("anything else is not found", () => {
  for (const reference of ["", "web", "----", "0123cafe-9", `${FIRST}0`, "../etc"]) {
    expect(problemOf(three, reference).code).toBe("not_found");
  }
});

test("a name that is nearly one is told which", () => {
  const named = [session(FIRST, { name: "web" }), session(SECOND, { name: "worker" }), ...three];
  expect(problemOf(named, "webb").hint).toStartWith("Did you mean web? ");
  expect(problemOf(named, "wroker").hint).toStartWith("Did you mean worker? ");
  expect(problemOf(named, "database").hint).not.toContain("Did you mean");
  expect(problemOf(named, "w".repeat(5_000)).hint).not.toContain("Did you mean");
});

test("a name means its living session, else its newest", () => {
  const old = session(FIRST, { name: "web" });
  const young = session(SECOND, { name: "web" });
  expect(resolveReference([old, young], "web")).toBe(young);
  const alive = session(THIRD, { name: "web", live: true });
  expect(resolveReference([old, alive, young], "web")).toBe(alive);
});

test("a name written out goes before the beginning of an id, and an id before a name", () => {
  const named = session(FIRST, { name: "0123" });
  expect(resolveReference([named, session(THIRD)], "0123")).toBe(named);
  const odd = session(SECOND, { name: FIRST });
  expect(resolveReference([odd, named], FIRST)).toBe(named);
});
