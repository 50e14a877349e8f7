// The terminal of a session, on this one.

import { DETACH_KEY, DETACH_KEY_FORM } from "../attach/detach-key.ts";
import { defineCommand } from "../line/signature.ts";
import { ONE_SESSION } from "../pick.ts";

export const attach = defineCommand({
  name: "attach",
  about: "Be at the terminal of a session that runs in one (--pty)",
  flags: {
    "detach-key": {
      kind: "value",
      value: "KEY",
      form: DETACH_KEY_FORM,
      about: `Leaves it running (default: ${DETACH_KEY})`,
    },
    "no-input": { kind: "switch", about: "Only watch: keys stay here, and so does its size" },
  },
  words: ONE_SESSION,
  examples: ["korun attach web", "korun attach --detach-key ctrl-q web"],
  async run({ flags, words }) {
    const { attachTo } = await import("../attach/attach.ts");
    return await attachTo(words, { key: flags["detach-key"], input: !flags["no-input"] });
  },
});
