// What korun says beside a command's output: notes on stderr, for people. Loaded only when there is
// something to say.

import { createConsola } from "consola/core";
import { printErr } from "./print.ts";
import { screenOf } from "./screen.ts";
import { painter, type Style } from "./style.ts";
import { visible } from "./visible.ts";

const STYLES: Readonly<Record<string, Style>> = { warn: "yellow", success: "green" };

const paint = painter((await screenOf(2)).colour);

/** `info`, `success` and `warn` say one line each. */
export const note = createConsola({
  // Not consola's own choice, which is silent under NODE_ENV=test.
  level: 3,
  reporters: [
    {
      log({ type, args }) {
        const style = STYLES[type];
        const text = visible(args.join(" "));
        printErr(`korun: ${style === undefined ? text : paint(text, style)}\n`);
      },
    },
  ],
});
