// Much output: long lines, many lines, no lines at all. The child lives, memory is bounded, and
// what the limits do not drop is there to the last byte.

import { expect, test } from "bun:test";
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { Korun } from "../support/korun.ts";
import { create, page, shell, textOf, untilExited } from "./support/api.ts";
import { peakMemory } from "./support/processes.ts";

const KIB_64 = 65_536;
const MIB_32 = 32 * 1_048_576;
/** What a daemon may weigh with one session's full rings; a gigabyte held would show. */
const MOST_MIB = 300;

test("a gigabyte without a newline: the child ends well and memory is bounded", async () => {
  await using korun = new Korun();
  const id = await create(korun, { command: ["head", "-c", "1G", "/dev/zero"] });
  const session = await untilExited(korun, id);
  expect(session).toMatchObject({ exit_code: 0, stdout_bytes: 2 ** 30 });
  // In pieces of 64 KiB, of which 32 MiB are kept.
  expect(session.stdout_lines).toBe(MIB_32 / KIB_64);
  expect(session.stdout_lines + session.stdout_dropped_lines).toBe(2 ** 30 / KIB_64);
  expect(peakMemory((await korun.status()).pid)).toBeLessThan(MOST_MIB);
  const text = await textOf(korun, id, "stdout");
  expect(text.equals(Buffer.alloc(MIB_32))).toBe(true);
});

test("a line over 64 KiB is several entries marked partial, which the text joins again", async () => {
  await using korun = new Korun();
  // Incompressible in its order: any slip of a byte changes the sum.
  const script =
    "seq -s ' ' 200000 | tee copy; printf 'short\\n' | tee -a copy; seq -s , 50000 | tee -a copy";
  const id = await create(korun, shell(script));
  await untilExited(korun, id);
  const written = join(korun.work, "copy");
  expect(sha256(await textOf(korun, id, "stdout"))).toBe(await sha256Of(written));
  const { entries } = await page(korun, id, "stream=stdout&limit=20000");
  const whole = entries.map(({ partial = false }) => partial);
  const fragments = (length: number) => Math.ceil(length / KIB_64) - 1;
  const [first = 0, , last = 0] = (await Bun.file(written).text())
    .split("\n")
    .map((it) => it.length);
  expect(whole).toEqual([
    ...Array(fragments(first)).fill(true),
    false,
    false,
    ...Array(fragments(last)).fill(true),
    false,
  ]);
  expect(entries.slice(0, fragments(first)).every(({ line }) => line.length === KIB_64)).toBe(true);
});

test("a long line is cut between characters", async () => {
  await using korun = new Korun();
  const id = await create(korun, shell(`yes 語 | head -n 60000 | tr -d '\\n'; echo x`));
  await untilExited(korun, id);
  const { entries } = await page(korun, id, "stream=stdout&limit=20000");
  expect(entries.map(({ line }) => line).join("")).toBe(`${"語".repeat(60_000)}x`);
  expect(entries.every(({ line }) => !line.includes("\u{fffd}"))).toBe(true);
});

test("what the byte limit keeps is exactly the end of what was written", async () => {
  await using korun = new Korun();
  const line = "x".repeat(9_000);
  const script = `yes '${line}' | head -n 6000 | nl | tee copy`;
  const id = await create(korun, shell(script));
  const session = await untilExited(korun, id);
  expect(session.stdout_lines + session.stdout_dropped_lines).toBe(6_000);
  expect(session.stdout_dropped_lines).toBeGreaterThan(0);
  const text = await textOf(korun, id, "stdout");
  expect(text.length).toBeGreaterThan(MIB_32 - 2 * line.length);
  const copy = Buffer.from(await Bun.file(join(korun.work, "copy")).arrayBuffer());
  expect(session.stdout_bytes).toBe(copy.length);
  expect(sha256(text)).toBe(sha256(copy.subarray(copy.length - text.length)));
});

test("counts of lines, dropped lines and bytes are exact after a flood of both streams", async () => {
  await using korun = new Korun();
  const id = await create(korun, shell("seq 300000 & seq 250000 >&2 & wait; printf end"));
  const session = await untilExited(korun, id);
  expect(session).toMatchObject({
    stdout_lines: 10_000,
    stdout_dropped_lines: 290_001,
    stderr_lines: 10_000,
    stderr_dropped_lines: 240_000,
    blended_lines: 20_000,
    blended_dropped_lines: 530_001,
    stdout_bytes: 1_988_895 + 3,
    stderr_bytes: 1_638_895,
  });
  const stdout = (await textOf(korun, id, "stdout")).toString().split("\n");
  expect([stdout[0], stdout.at(-2), stdout.at(-1)]).toEqual(["290002", "300000", "end"]);
});

test("counts never contradict each other while a flood goes on", async () => {
  await using korun = new Korun();
  const id = await create(korun, shell("seq 3000000 & seq 3000000 >&2; wait"));
  for (let session = await korun.json<Counts>(`/v1/sessions/${id}`); ; ) {
    for (const [stream, most] of [
      ["stdout", 10_000],
      ["stderr", 10_000],
      ["blended", 20_000],
    ] as const) {
      expect(session[`${stream}_lines`]).toBeLessThanOrEqual(most);
      expect(session[`${stream}_lines`]).toBeGreaterThanOrEqual(0);
      if (session[`${stream}_dropped_lines`] > 0) expect(session[`${stream}_lines`]).toBe(most);
    }
    if (session.state === "exited") break;
    session = await korun.json<Counts>(`/v1/sessions/${id}`);
  }
});

interface Counts {
  readonly state: string;
  readonly stdout_lines: number;
  readonly stdout_dropped_lines: number;
  readonly stderr_lines: number;
  readonly stderr_dropped_lines: number;
  readonly blended_lines: number;
  readonly blended_dropped_lines: number;
}

test("when exited can first be seen, every byte can be read", async () => {
  await using korun = new Korun();
  for (let round = 0; round < 50; round += 1) {
    const id = await create(korun, shell("seq 5000; printf 'the end' >&2; exit 3"));
    let session = await korun.json<Counts>(`/v1/sessions/${id}`);
    while (session.state !== "exited") session = await korun.json<Counts>(`/v1/sessions/${id}`);
    expect(session).toMatchObject({ exit_code: 3, stdout_lines: 5_000, stderr_lines: 1 });
    const { entries } = await page(korun, id, "limit=20000");
    expect(entries.length).toBe(5_001);
    expect(entries.filter(({ stream }) => stream === "stdout").at(-1)?.line).toBe("5000");
  }
});

function sha256(bytes: Uint8Array): string {
  return new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
}

async function sha256Of(path: string): Promise<string> {
  const hasher = new Bun.CryptoHasher("sha256");
  for await (const chunk of createReadStream(path)) hasher.update(chunk as Uint8Array);
  return hasher.digest("hex");
}
