// Ends sessions. One that is at rest already is as it was wanted.

import type { ActionReply } from "../../api/replies.ts";
import type { Client } from "../../client/client.ts";
import { Problem } from "../../domain/problem.ts";
import { EACH_FLAGS, forEachSession, type Outcome } from "../each.ts";
import { defineCommand } from "../line/signature.ts";
import { openClient } from "../open-client.ts";
import { isActive, SOME_SESSIONS } from "../pick.ts";

export const stop = defineCommand({
  name: "stop",
  about: "End sessions and all their processes; a file change does not revive them",
  flags: {
    all: { kind: "switch", about: "Every session, at rest too: no file change revives them" },
    ...EACH_FLAGS,
    force: { kind: "switch", about: "Kill at once, without grace" },
    "no-wait": { kind: "switch", about: "Return at once, not when all is ended" },
  },
  words: SOME_SESSIONS,
  examples: ["korun stop web", "korun stop --all"],
  async run({ flags, words }) {
    const client = openClient({ launch: "remembered" });
    const options = { wait: !flags["no-wait"], force: flags.force };
    return await forEachSession(client, {
      name: "stop",
      words,
      flags,
      // Also those at rest: a file change could revive them.
      isMeant: () => true,
      forgottenIsDone: true,
      async act({ reference }) {
        const outcome = await stopOne(client, reference, options);
        // Those at rest were not named, and are as they should be.
        return flags.all && outcome.done === AT_REST ? { ...outcome, done: undefined } : outcome;
      },
    });
  },
});

const AT_REST = "was not running";

/** A restart came after the stop, and whoever asks last is right. */
const STARTED_AGAIN = "it was stopped, and runs again since somebody restarted it meanwhile";

async function stopOne(
  client: Client,
  reference: string,
  options: { wait: boolean; force: boolean },
): Promise<Outcome> {
  try {
    const reply = await client.stop(reference, options);
    const failure = options.wait && reply.body.state === "running" ? STARTED_AGAIN : undefined;
    return { reply, done: options.wait ? "stopped" : "is stopping", failure };
  } catch (thrown) {
    if (!(thrown instanceof Problem) || thrown.code !== "conflict") throw thrown;
    return await atRest(client, { reference, refusal: thrown });
  }
}

/** What was wanted is so already, unless the refusal was about the reference. */
async function atRest(
  client: Client,
  { reference, refusal }: { reference: string; refusal: Problem },
): Promise<Outcome> {
  const { body } = await client.inspect(reference);
  if (isActive(body)) throw refusal;
  const reply: ActionReply = { ok: true, id: body.id, state: body.state };
  return { reply: { body: reply, text: `${JSON.stringify(reply)}\n` }, done: AT_REST };
}
