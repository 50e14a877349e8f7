import { expect, test } from "bun:test";
import { TextFormatter } from "../../src/logs/text.ts";
import { fakeSession } from "./support.ts";

function textOfAll(session: ReturnType<typeof fakeSession>, stream: "stdout" | "blended"): string {
  const { entries } = session.log.page({ stream, limit: 100_000, from: "oldest" });
  return Buffer.from(new TextFormatter(stream).format({ missed: 0, entries })).toString();
}

test("text of one stream is byte for byte what was written", () => {
  const session = fakeSession();
  const written = `first\n\n${"long".repeat(50_000)}\nlast words`;
  session.write("stdout", written, { chunk: 10_000 });
  session.flush();
  expect(textOfAll(session, "stdout")).toBe(written);
});

test("last words get their newline only when a later run follows", () => {
  const session = fakeSession();
  session.write("stdout", "one");
  session.flush(1);
  expect(textOfAll(session, "stdout")).toBe("one");
  session.write("stdout", "two\n", { run: 2 });
  expect(textOfAll(session, "stdout")).toBe("one\ntwo\n");
});

test("blended text names the stream at the start of each line", () => {
  const session = fakeSession();
  session.write("stdout", "server started on :3000\n");
  session.write("stderr", "warning: config file missing\n");
  expect(textOfAll(session, "blended")).toBe(
    "[stdout] server started on :3000\n[stderr] warning: config file missing\n",
  );
});

test("a fragment that the other stream interrupts ends its line in blended text", () => {
  const session = fakeSession();
  const long = "x".repeat(65_536);
  session.write("stdout", `${long}y`);
  session.write("stderr", "e\n");
  session.write("stdout", "z\n");
  expect(textOfAll(session, "blended")).toBe(`[stdout] ${long}\n[stderr] e\n[stdout] yz\n`);
});

test("what was missed is said on a line of its own", () => {
  const formatter = new TextFormatter("stdout");
  expect(Buffer.from(formatter.format({ missed: 3, entries: [] })).toString()).toBe(
    "[korun] missed 3 lines\n",
  );
});
