import { afterEach, describe, expect, test } from "bun:test";
import { pageSize } from "../../src/native/page-size.ts";
import { ProcStat } from "../../src/native/proc-stat.ts";
import type { ProcessInfo } from "../../src/process/process-info.ts";
import { isZombie, memoryLayout, parseStat, saysTheSame } from "../../src/process/stat-line.ts";
import { scanProcesses } from "../../src/process/tree.ts";
import { waitFor } from "../support/wait.ts";
import { cleanUp, startSession } from "./sessions.ts";

afterEach(cleanUp);

const START = "S 7 41 40 0 -1 0 122 0 0 0 120 30 7 2 20 0 1 0 133475 3932160 530";
const LAYOUT = "94549504321968 94549504324868 94549913346048 140726197533165 140726197533194";

function line(facts: string, name = "sleep"): string {
  return `42 (${name}) ${facts} 18446744073709551615 1 1 0 ${LAYOUT} 140726197534699 0\n`;
}

const PROCESS: ProcessInfo = {
  pid: 42,
  parent: 7,
  group: 41,
  startTime: 133_475,
  stopped: false,
  name: "sleep",
  cpuMs: 1_500,
  reapedCpuMs: 90,
  rssBytes: 530 * pageSize(),
};

describe("Of a process that was known, a line", () => {
  const says = (text: string) => {
    const bytes = new TextEncoder().encode(text);
    return saysTheSame(bytes, bytes.length, PROCESS);
  };

  test("says the same when nothing that matters has changed, whatever it is named", () => {
    expect(parseStat(line(START))).toEqual(PROCESS);
    expect(says(line(START))).toBe(true);
    expect(says(line(START.replace("S", "R").replace(" 122 ", " 999 ")))).toBe(true);
    expect(says(line(START, "a) Z 1 (b"))).toBe(true);
  });

  test.each([
    ["its parent", "S 7 ", "S 1 "],
    ["its group", " 41 ", " 42 "],
    ["user time", " 120 ", " 121 "],
    ["time in the kernel", " 30 7 ", " 31 7 "],
    ["its children's time", " 30 7 ", " 30 8 "],
    ["its start, so that it is another one", " 133475 ", " 133476 "],
    ["its memory", " 530", " 531"],
    ["that it is stopped", "S 7", "T 7"],
    ["that it has ended", "S 7", "Z 7"],
  ])("says something else when it has changed: %s", (_, from, to) => {
    expect(START).toContain(from);
    expect(says(line(START.replace(from, to)))).toBe(false);
  });

  test("that is cut off says nothing", () => {
    const whole = line(START);
    for (const length of [0, 2, 10, whole.indexOf(" 530") + 3]) {
      expect(says(whole.slice(0, length))).toBe(false);
    }
  });
});

test("A program lies elsewhere than the one before it, while one is made it lies nowhere", () => {
  const other = LAYOUT.replace("140726197533165", "140726197533160");
  expect(memoryLayout(line(START))).toBe(memoryLayout(line(START, "other")));
  expect(memoryLayout(line(START).replace(LAYOUT, other))).not.toBe(memoryLayout(line(START)));
  expect(memoryLayout(`42 (sleep) ${START} 0 0 0 0 0 0 0 0\n`)).toBeUndefined();
});

test("Who has ended and was not reaped is told apart from who has the same pid", () => {
  const ended = line(START.replace("S", "Z"));
  expect(isZombie(ended, 133_475)).toBe(true);
  expect(isZombie(ended, 133_476)).toBe(false);
  expect(isZombie(line(START), 133_475)).toBe(false);
});

describe.if(process.platform === "linux")("The line of a real process", () => {
  test("is read, and says the same of a quiet one and something else of a busy one", async () => {
    const quiet = startSession(["sleep", "600"]);
    const busy = startSession(["sh", "-c", "while :; do :; done"]);
    const stat = new ProcStat();
    const says = (process: ProcessInfo) => {
      const length = stat.read(process.pid);
      expect(length).toBeGreaterThan(100);
      return saysTheSame(stat.bytes, length, process);
    };
    const table = scanProcesses();
    const known = [quiet, busy].map(({ leader }) => table.find(leader));
    const [sleeping, working] = known;
    if (sleeping === undefined || working === undefined) throw new Error("both live");
    await waitFor("work", () => !says(working));
    // It may have been starting just then.
    await waitFor("quiet", () => says(scanProcesses().find(quiet.leader) ?? sleeping));
    expect(stat.read(2 ** 30)).toBe(-1);
  });

  test("need not be looked for as long as no process has come", async () => {
    const stat = new ProcStat();
    const before = stat.newestPid();
    const { leader } = startSession(["sleep", "600"]);
    expect(before).toBeGreaterThan(0);
    expect(leader.pid).toBeGreaterThan(0);
    expect(stat.newestPid()).not.toBe(before);
  });
});
