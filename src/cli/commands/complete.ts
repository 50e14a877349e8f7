// What the completion scripts ask at each Tab: sessions that begin with what was typed, each with a
// description after a tab. It never fails and says nothing on stderr: a shell would show it.

import type { SessionSummary } from "../../api/replies.ts";
import { connect } from "../../client/connect.ts";
import { EXIT } from "../exit.ts";
import { defineCommand } from "../line/signature.ts";
import { isActive, shortId } from "../pick.ts";
import { printOut } from "../show/print.ts";
import { shellLine, visible } from "../show/visible.ts";

export const complete = defineCommand({
  name: "__complete",
  about: "Print what can follow on a command line",
  hidden: true,
  flags: {},
  words: { name: "KIND", about: "sessions, and what was typed of one", least: 1, most: 2 },
  examples: [],
  async run({ words: [kind, typed = ""] }) {
    if (kind !== "sessions") return EXIT.ok;
    try {
      const client = connect({ launch: "never", env: process.env, onOtherVersion() {} });
      const { body } = await client.list();
      // What runs is meant more often than what is over.
      const sessions = [
        ...body.sessions.filter(isActive),
        ...body.sessions.filter((session) => !isActive(session)),
      ];
      printOut(sessions.flatMap((session) => candidates(session, typed)).join(""));
    } catch {
      // No daemon, no sessions.
    }
    return EXIT.ok;
  },
});

/** Its name; its id where it has none, or where an id is being typed. */
function candidates(session: SessionSummary, typed: string): string[] {
  const { id, name, state, command } = session;
  const about = `${visible(state)}  ${shellLine(command).slice(0, 60)}`;
  const named = name?.startsWith(typed) ? [name] : [];
  const asId = typed === "" ? named.length === 0 : id.startsWith(typed);
  const long = typed.length > 8 ? id : shortId(id);
  return [...named, ...(asId ? [long] : [])].map((word) => `${word}\t${about}\n`);
}
