// Ends sessions and starts them again.

import { EACH_FLAGS, forEachSession } from "../each.ts";
import { openClient } from "../open-client.ts";
import { isActive, SOME_SESSIONS } from "../pick.ts";
import { defineCommand } from "../signature.ts";

export const restart = defineCommand({
  name: "restart",
  about: "End sessions and start them again, under the same ids",
  flags: {
    ...EACH_FLAGS,
    "no-wait": { kind: "switch", about: "Return at once, not when they run again" },
  },
  words: SOME_SESSIONS,
  examples: ["korun restart web", "korun restart --all"],
  async run({ flags, words }) {
    const client = openClient({ launch: false });
    const wait = !flags["no-wait"];
    return await forEachSession(client, {
      name: "restart",
      words,
      flags,
      isMeant: isActive,
      async act({ reference }) {
        const reply = await client.restart(reference, { wait });
        const { error } = reply.body;
        const failure = error === undefined ? undefined : `cannot start again: ${error}`;
        return { reply, done: wait ? "restarted" : "is restarting", failure };
      },
    });
  },
});
