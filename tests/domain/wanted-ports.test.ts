import { describe, expect, test } from "bun:test";
import type { HealthCheck, HealthStatus, ReadyCheck } from "../../src/domain/checks.ts";
import { NOT_READY } from "../../src/domain/checks.ts";
import type { SessionSnapshot } from "../../src/domain/session.ts";
import { NOTHING_MORE } from "../../src/domain/session.ts";
import { loopbackPort, wantedPorts } from "../../src/domain/wanted-ports.ts";

const ready: readonly ReadyCheck[] = [
  { check: { kind: "port", port: 3_000 }, timeoutMs: 1 },
  { check: { kind: "url", url: "http://localhost:3001/up", status: 200 }, timeoutMs: 1 },
  { check: { kind: "url", url: "https://example.com/", status: 200 }, timeoutMs: 1 },
  { check: { kind: "log", text: "listening on 9999" }, timeoutMs: 1 },
];

const health: HealthCheck = {
  check: { kind: "port", port: 4_000 },
  intervalMs: 1,
  timeoutMs: 1,
  threshold: 1,
  restart: false,
};

function session(facts: Partial<SessionSnapshot>) {
  const spec = { ...NOTHING_MORE, ready, health };
  const snapshot = {
    ...{ spec, state: "running", exit: null, lastEnd: null, nextRestartAt: null },
    ...{ readiness: NOT_READY, health: healthOf("unknown") },
    ...facts,
  };
  return [...wantedPorts(snapshot as SessionSnapshot)];
}

function healthOf(state: HealthStatus["state"]): HealthStatus {
  return { state, failures: 0, checkedAt: null, reasons: [] };
}

describe("The ports that a session wants", () => {
  test("are those of this machine that its checks look at", () => {
    expect(session({})).toEqual([3_000, 3_001, 4_000]);
  });

  test("are no longer those of checks that are met", () => {
    const readiness = { ...NOT_READY, ready: true };
    expect(session({ readiness })).toEqual([4_000]);
    expect(session({ readiness, health: healthOf("unhealthy") })).toEqual([4_000]);
    expect(session({ readiness, health: healthOf("healthy") })).toEqual([]);
  });

  test("are wanted at rest by one that failed, or that waits to be started again", () => {
    const exited = { state: "exited", lastEnd: { kind: "exit" } } as const;
    expect(session({ ...exited, exit: { code: 0, signal: null } })).toEqual([]);
    expect(session({ ...exited, exit: { code: 1, signal: null } })).toHaveLength(3);
    expect(session({ state: "exited", lastEnd: { kind: "stop" }, nextRestartAt: 1 })).toHaveLength(
      3,
    );
    expect(session({ state: "exited", lastEnd: { kind: "stop" } })).toEqual([]);
  });
});

test("A URL leads to this machine by the names and addresses of its loopback interface", () => {
  const ports = {
    "http://127.0.0.1:3000/": 3_000,
    "http://127.1:3000/": 3_000,
    "http://[::1]:8080/x?y": 8_080,
    "http://app.localhost/": 80,
    "https://LOCALHOST": 443,
    "http://0.0.0.0:9/": 9,
    "http://127.0.0.1.example.com:3000/": undefined,
    "http://notlocalhost:3000/": undefined,
    "http://10.0.0.1:3000/": undefined,
    "no url": undefined,
  };
  for (const [url, port] of Object.entries(ports))
    expect([url, loopbackPort(url)]).toEqual([url, port]);
});
