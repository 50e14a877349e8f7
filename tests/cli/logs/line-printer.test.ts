import { expect, test } from "bun:test";
import type { LogEntry } from "../../../src/api/log-replies.ts";
import { LinePrinter } from "../../../src/cli/logs/line-printer.ts";
import { painter } from "../../../src/cli/show/style.ts";

const web = { label: "web", style: "cyan" } as const;
const api = { label: "api", style: "green" } as const;

function entry(line: string, facts: Partial<LogEntry> = {}): LogEntry {
  return { seq: 1, ts: "2026-03-16T12:00:00.000Z", stream: "stdout", line, run: 1, ...facts };
}

function printer(options: { times?: boolean; streams?: boolean; colour?: boolean } = {}) {
  const { times = false, streams = false, colour = false } = options;
  return new LinePrinter({ times, streams, paint: painter(colour) });
}

test("a line has what was asked for, in this order: time, session, stream", () => {
  const frames = [entry("up"), entry("oh", { stream: "stderr" })];
  expect(printer().format(frames)).toBe("up\noh\n");
  expect(printer({ streams: true }).format(frames)).toBe("[stdout] up\n[stderr] oh\n");
  expect(printer({ times: true, streams: true }).format([entry("up")], web)).toBe(
    "2026-03-16T12:00:00.000Z web [stdout] up\n",
  );
});

test("colour is for time and session, never for the line", () => {
  expect(printer({ times: true, colour: true }).format([entry("up")], web)).toBe(
    "\x1b[2m2026-03-16T12:00:00.000Z\x1b[22m \x1b[36mweb\x1b[39m up\n",
  );
});

test("fragments of a long line are joined, over several batches too", () => {
  const lines = printer({ streams: true });
  expect(lines.format([entry("aa", { partial: true })])).toBe("[stdout] aa");
  expect(lines.format([entry("bb", { partial: true })])).toBe("bb");
  expect(lines.format([entry("cc"), entry("dd")])).toBe("cc\n[stdout] dd\n");
});

test("a fragment's line is ended when another stream or session comes between", () => {
  const lines = printer({ streams: true });
  const text =
    lines.format([entry("aa", { partial: true })], web) +
    lines.format([entry("xx", { stream: "stderr" })], web) +
    lines.format([entry("bb", { partial: true })], web) +
    lines.format([entry("yy")], api);
  expect(text).toBe("web [stdout] aa\nweb [stderr] xx\nweb [stdout] bb\napi [stdout] yy\n");
});

test("a reader is told what it missed, on a line of its own", () => {
  const lines = printer();
  expect(lines.format([entry("aa", { partial: true }), { missed: 120, next_seq: 200 }])).toBe(
    "aa\n[korun] missed 120 lines\n",
  );
});
