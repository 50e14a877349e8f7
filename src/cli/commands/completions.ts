// Prints the completion script of a shell, made from the same table as the commands themselves.

import { EXIT } from "../exit.ts";
import { defineCommand } from "../line/signature.ts";
import { printOut } from "../show/print.ts";

export const completions = defineCommand({
  name: "completions",
  about: "Print the completion script of a shell",
  flags: {},
  words: {
    name: "SHELL",
    about: "bash, zsh or fish",
    least: 1,
    most: 1,
    choices: ["bash", "zsh", "fish"],
  },
  examples: ['eval "$(korun completions bash)"', "korun completions fish | source"],
  async run({ words: [shell] }, table) {
    const { commandTree } = await import("../completions/tree.ts");
    printOut((await scriptOf(shell))(await commandTree(table)));
    return EXIT.ok;
  },
});

async function scriptOf(shell: string | undefined) {
  if (shell === "fish") return (await import("../completions/fish.ts")).fishCompletion;
  if (shell === "zsh") return (await import("../completions/zsh.ts")).zshCompletion;
  return (await import("../completions/bash.ts")).bashCompletion;
}
