import { afterEach, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { readLimit } from "../../src/native/limits.ts";
import { FIRST_STAMP, stampIn, stampOf } from "../../src/process/stamp.ts";
import { requestTree } from "../../src/process/tree.ts";
import { cleanUp, startSession } from "./sessions.ts";

afterEach(cleanUp);

/** As /proc shows them. */
const limitsWith = (soft: string) =>
  `Limit                     Soft Limit           Hard Limit           Units     
Max realtime priority     0                    0                    
Max realtime timeout      ${soft.padEnd(20)} unlimited            us        
`;

describe("A stamp", () => {
  test("is above every limit in earnest, the same for a session and another for each", () => {
    const stamps = Array.from({ length: 1_000 }, () => stampOf(crypto.randomUUID()));
    expect(new Set(stamps).size).toBe(1_000);
    for (const stamp of stamps) expect(stampIn(limitsWith(String(stamp)))).toBe(stamp);
    expect(stampOf("abc")).toBe(stampOf("abc"));
    expect(FIRST_STAMP / 1_000_000n / 86_400n / 365n).toBeGreaterThan(100_000n);
  });

  test("is not taken from a limit in earnest, from none, or where none is told", () => {
    for (const soft of ["200000", "unlimited", String(FIRST_STAMP - 1n), String(2n ** 63n)]) {
      expect(stampIn(limitsWith(soft))).toBeUndefined();
    }
    expect(stampIn("")).toBeUndefined();
  });
});

describe.if(process.platform === "linux")("A process that nothing else tells of", () => {
  test("is known by its stamp, whoever its parent is, and so is what it starts", async () => {
    const sessionId = crypto.randomUUID();
    const own = readLimit("realtime");
    const stamp = stampOf(sessionId);
    const script = `(env -i setsid sh -c 'sleep 600 & echo "$$ $!"; wait' &); exec sleep 600`;
    const env = { PATH: process.env.PATH ?? "", KORUN_SESSION_ID: sessionId };
    const { leader, printed } = startSession(["sh", "-c", script], { env, stamp });
    expect(readLimit("realtime")).toEqual(own);
    const [, shell, child] = await printed(/(\d+) (\d+)/);
    const { members } = await requestTree({ sessionId, leader: undefined });
    const pids = members.map(({ pid }) => pid).sort((a, b) => a - b);
    expect(pids).toEqual([leader.pid, Number(shell), Number(child)].sort((a, b) => a - b));
    const another = await requestTree({ sessionId: crypto.randomUUID(), leader: undefined });
    expect(another.members).toEqual([]);
    for (const pid of [shell, child]) {
      expect(readFileSync(`/proc/${pid}/limits`, "latin1")).toContain(String(stamp));
      process.kill(Number(pid), "SIGKILL");
    }
  });
});
