import { afterEach, expect, test } from "bun:test";
import { findLivingSessions } from "../../src/process/adopt.ts";
import { stampOf } from "../../src/process/stamp.ts";
import { cleanUp, startSession } from "./sessions.ts";

afterEach(cleanUp);

test.if(process.platform === "linux")(
  "a session that only its stamp tells of is found by whoever seeks it",
  async () => {
    const sessionId = crypto.randomUUID();
    const script = "exec env -i sh -c 'echo up; exec sleep 600'";
    const env = { PATH: process.env.PATH ?? "" };
    const started = startSession(["sh", "-c", script], { env, stamp: stampOf(sessionId) });
    await started.printed(/up/);
    const of = async (sought: string[]) =>
      (await findLivingSessions(sought)).find((one) => one.sessionId === sessionId);
    const { pid } = started.leader;
    expect(await of([sessionId])).toMatchObject({ run: 0, leader: { pid }, processes: [{ pid }] });
    expect(await of([])).toBeUndefined();
  },
);
