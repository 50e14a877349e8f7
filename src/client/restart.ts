// A restart that a daemon died over: it may have been taken or not. If a run has begun since it was
// asked for, it was; else it is asked for again. So there is never one start too many or too few.

import type { ActionReply, SessionReply } from "../api/replies.ts";
import { Problem } from "../domain/problem.ts";
import { isDeath } from "./failure.ts";
import type { Answer } from "./transport.ts";

/** Between two looks at a session that is starting, in ms. */
const LOOK_MS = 20;

/** The calls that it takes. */
export interface RestartCalls {
  restart(): Promise<Answer<ActionReply>>;
  inspect(): Promise<Answer<SessionReply>>;
  /** Resolves when the next daemon answers; throws `lost` when none comes. */
  outlive(lost: unknown): Promise<void>;
}

/** Restarts a session, whatever becomes of its daemon meanwhile. Throws a Problem. */
export async function restartOnce(calls: RestartCalls): Promise<Answer<ActionReply>> {
  const since = Date.now();
  try {
    return await calls.restart();
  } catch (thrown) {
    if (!(thrown instanceof Problem) || !isDeath(thrown.cause)) throw thrown;
    await calls.outlive(thrown);
  }
  for (;;) {
    const { body } = await calls.inspect();
    // While it is being stopped, a restart is what follows: asked for again, it still is one.
    if (body.state !== "starting") {
      return beganSince(body, since) ? answerOf(body) : await calls.restart();
    }
    await Bun.sleep(LOOK_MS);
  }
}

function beganSince({ last_started_at, state }: SessionReply, since: number): boolean {
  return state !== "stopping" && last_started_at !== null && Date.parse(last_started_at) >= since;
}

function answerOf({ id, state }: SessionReply): Answer<ActionReply> {
  const body: ActionReply = { ok: true, id, state };
  return { body, text: `${JSON.stringify(body)}\n` };
}
