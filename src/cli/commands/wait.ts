// Waits until a session is ready, runs, or is at rest. Its exit code says how that ended.

import { parseDuration } from "../../domain/duration.ts";
import { DEFAULT_WAIT, WAIT_GOALS } from "../../domain/wait.ts";
import { EXIT } from "../exit.ts";
import { DURATION } from "../line/forms.ts";
import { defineCommand } from "../line/signature.ts";
import { openClient } from "../open-client.ts";
import { ONE_SESSION, pickSession } from "../pick.ts";
import { awaitSession } from "../waiting.ts";

export const wait = defineCommand({
  name: "wait",
  about: "Wait until a session is ready, runs, or has exited",
  flags: {
    for: { kind: "choice", choices: WAIT_GOALS, about: "What to wait for (default: ready)" },
    timeout: {
      kind: "value",
      value: "TIME",
      form: DURATION,
      about: `How long to wait (default: ${DEFAULT_WAIT})`,
    },
    json: { kind: "switch", about: "Print the API's own body" },
  },
  words: ONE_SESSION,
  exitCodes: [
    [EXIT.ok, "It came to that"],
    [EXIT.timedOut, "The time is over: --timeout, or that of the run's readiness checks"],
    [EXIT.endedInstead, "It ended instead, and nothing starts it again by itself"],
    [EXIT.unknownSession, "There is no such session"],
  ],
  examples: ["korun wait web", "korun wait build --for exit --timeout 10m"],
  async run({ flags, words }) {
    const client = openClient({ launch: "remembered" });
    return await awaitSession(client, {
      reference: await pickSession(client, words),
      goal: flags.for ?? "ready",
      timeoutMs: parseDuration(flags.timeout ?? DEFAULT_WAIT) ?? 0,
      shows: flags.json ? "json" : "words",
    });
  },
});
