// Bytes are read while a child writes them, on another thread: what is read must be what was
// written, also where the ring wraps, grows and drops under the reader.

import { afterEach, beforeEach, expect, test } from "bun:test";
import type { SessionCapture } from "../../src/capture/session-capture.ts";
import { Stage } from "./stage.ts";

let stage: Stage;
let session: SessionCapture;

beforeEach(() => {
  stage = new Stage();
  ({ session } = stage);
});

afterEach(() => stage.close());

const start = (script: string, run = 1) => stage.start(script, run);

test("a prompt of a living child is seen at once, by bytes and by scans", async () => {
  const output = session.log.bytes("stdout");
  const scan = session.log.scan({ run: 1 });
  const [changed, scanned] = [output.changed(), scan.next()];
  const child = start("printf 'Password: '; exec sleep 600");
  await changed;
  expect(Buffer.from(output.read(0, 100).bytes).toString()).toBe("Password: ");
  expect((await scanned)?.open).toEqual([{ stream: "stdout", text: "Password: " }]);
  child.kill();
  await child.exited;
});

test("a flood is read as it was written, wherever the reader is let in", async () => {
  const line = "0123456789abcdefghijklmnopqrstuvwxyz-ABCDE\n";
  const wanted = Buffer.from(line.repeat(8_000));
  const child = start(`exec yes ${line.trim()}`);
  const output = session.log.bytes("stdout");
  let gaps = 0;
  let from = 0;
  for (let pieces = 1; pieces <= 300 || gaps === 0; pieces += 1) {
    const { position, bytes } = output.read(from, 200_000);
    if (position > from) gaps += 1;
    const phase = position % line.length;
    if (Buffer.compare(bytes, wanted.subarray(phase, phase + bytes.length)) !== 0) {
      throw new Error(`other bytes than were written at ${position}`);
    }
    // From the beginning again, which is gone once the flood has come round.
    from = pieces % 50 === 0 ? 0 : position + bytes.length;
    if (bytes.length === 0) await output.changed();
  }
  child.kill();
  await child.exited;
});
