// A flood on a terminal, and those who watch it: one who reads, one who does not, and the daemon
// between them.

import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import type { TerminalMessage } from "../../src/api/terminal.ts";
import { Korun } from "../support/korun.ts";
import { waitFor } from "../support/wait.ts";

const MIB = 1_048_576;

/** One who watches over TCP, and counts. */
class Watcher implements Disposable {
  readonly types: string[] = [];
  bytes = 0;
  readonly #socket: WebSocket;

  constructor(url: string) {
    this.#socket = new WebSocket(url.replace("http:", "ws:"));
    this.#socket.binaryType = "nodebuffer";
    this.#socket.addEventListener("message", ({ data }) => {
      if (typeof data === "string") this.types.push((JSON.parse(data) as TerminalMessage).type);
      else this.bytes += (data as Buffer).length;
    });
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  [Symbol.dispose](): void {
    this.#socket.terminate();
  }
}

test("one who does not read costs the daemon little, and nobody else anything", async () => {
  await using korun = new Korun();
  const line = "x".repeat(200);
  const id = await korun.serve(`exec yes ${line}`, ["--pty"]);
  const url = `${await korun.url()}/v1/sessions/${id}/attach`;
  const { pid } = await korun.status();
  using slow = new Watcher(url);
  await waitFor("the first screen", () => slow.types.includes("screen"));
  slow.pause();
  using quick = new Watcher(url);
  await waitFor("the other's screen", () => quick.types.includes("screen"));
  const before = { bytes: await written(korun, id), memory: memoryOf(pid) };
  await waitFor(
    "much to be written",
    async () => (await written(korun, id)) > before.bytes + 300 * MIB,
  );
  expect(quick.bytes).toBeGreaterThan(MIB);
  expect(memoryOf(pid) - before.memory).toBeLessThan(100 * MIB);
  const seen = slow.bytes;
  slow.resume();
  await waitFor("a fresh screen", () => slow.types.filter((type) => type === "screen").length > 1);
  expect(slow.bytes).toBeGreaterThan(seen);
  await korun.ok(["stop", "--force", id]);
  for (const watcher of [slow, quick]) {
    await waitFor("word of the end", () => watcher.types.at(-1) === "exit");
  }
});

async function written(korun: Korun, id: string): Promise<number> {
  return (await korun.session(id)).stdout_bytes;
}

/** Of a process alone, in bytes: not what it shares, as rings are. */
function memoryOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^RssAnon:\s+(\d+) kB/m.exec(status)?.[1]) * 1_024;
}
