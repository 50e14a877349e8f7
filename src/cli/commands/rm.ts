// Forgets sessions. It always needs to be told which.

import { EACH_FLAGS, forEachSession } from "../each.ts";
import { misuse } from "../line/argv.ts";
import { defineCommand } from "../line/signature.ts";
import { openClient } from "../open-client.ts";
import { isActive, SOME_SESSIONS } from "../pick.ts";

export const rm = defineCommand({
  name: "rm",
  about: "Forget sessions at rest, with their output",
  flags: {
    all: { kind: "switch", about: "Every session at rest" },
    ...EACH_FLAGS,
  },
  words: {
    ...SOME_SESSIONS,
    about: "UUID, unique prefix (4 or more), or name of a session at rest",
  },
  examples: ["korun rm web", "korun rm --all"],
  async run({ flags, words }) {
    if (words.length === 0 && !flags.all) {
      throw misuse({ name: "rm" }, "`korun rm` needs an ID", "Or --all, for every one at rest.");
    }
    const client = openClient({ launch: "remembered" });
    return await forEachSession(client, {
      name: "rm",
      words,
      flags,
      isMeant: (session) => !isActive(session),
      forgottenIsDone: true,
      act: async ({ reference }) => ({ reply: await client.remove(reference), done: "removed" }),
    });
  },
});
