// Ends sessions and starts them again.

import { EACH_FLAGS, forEachSession } from "../each.ts";
import { misuse } from "../line/argv.ts";
import { defineCommand } from "../line/signature.ts";
import { openClient } from "../open-client.ts";
import { isActive, SOME_SESSIONS } from "../pick.ts";

export const restart = defineCommand({
  name: "restart",
  about: "End sessions and start them again, under the same ids",
  flags: {
    all: { kind: "switch", about: "Every session that is active" },
    ...EACH_FLAGS,
    lost: { kind: "switch", about: "Those that the end of the machine or the daemon stopped" },
    "no-wait": { kind: "switch", about: "Return at once, not when they run again" },
  },
  words: SOME_SESSIONS,
  examples: ["korun restart web", "korun restart --all", "korun restart --lost"],
  async run({ flags, words }) {
    const client = openClient({ launch: "remembered" });
    const wait = !flags["no-wait"];
    return await forEachSession(client, {
      name: "restart",
      words,
      flags: { json: flags.json, all: allOf(flags) },
      everyone: flags.lost ? `${LOST_MEANS}, so ${words[0]} cannot be named with it` : undefined,
      isMeant: flags.lost ? ({ lost }) => lost : isActive,
      forgottenIsDone: false,
      async act({ reference }) {
        const reply = await client.restart(reference, { wait });
        const { error } = reply.body;
        const failure = error === undefined ? undefined : `cannot start again: ${error}`;
        return { reply, done: wait ? "restarted" : "is restarting", failure };
      },
    });
  },
});

const LOST_MEANS = "--lost means every session that was lost";

function allOf({ all, lost }: { all: boolean; lost: boolean }): boolean {
  if (!all || !lost) return all || lost;
  throw misuse({ name: "restart" }, "--lost and --all contradict");
}
