// The examples of a document: its fenced blocks, in order, each with where it stands.

import { readFileSync } from "node:fs";
import { join } from "node:path";

export const ROOT = join(import.meta.dir, "../../..");

export interface Block {
  /** After the fence; empty when there is none. */
  readonly language: string;
  readonly text: string;
  /** The heading above it. */
  readonly section: string;
  /** Line of the first line of `text`, from 1. */
  readonly line: number;
}

/** A command of a document, and what is shown to come of it. */
export interface Example {
  readonly command: string;
  /** Undefined where the document shows nothing of it. */
  readonly output: string | undefined;
}

/** The text of a document of this repository. */
export function readDocument(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

export function blocksOf(document: string): Block[] {
  const blocks: Block[] = [];
  let section = "";
  let open: { language: string; line: number; lines: string[] } | undefined;
  for (const [index, line] of document.split("\n").entries()) {
    const fence = /^```(\w*)$/.exec(line);
    if (open !== undefined) {
      if (fence === null) open.lines.push(line);
      else {
        const { language, line: start, lines } = open;
        blocks.push({ language, text: `${lines.join("\n")}\n`, section, line: start });
        open = undefined;
      }
    } else if (fence !== null) {
      open = { language: fence[1] ?? "", line: index + 2, lines: [] };
    } else {
      section = /^#+ (.*)$/.exec(line)?.[1] ?? section;
    }
  }
  return blocks;
}

/** The commands of a block: lines, as far as each goes on. Comments are left out. */
export function commandsOf(block: Block): Example[] {
  if (block.language === "console") return consoleCommands(block.text);
  return scriptCommands(block.text).map((command) => ({ command, output: undefined }));
}

/** `$ ` begins a command, `> ` goes on with it, everything else is what it shows. */
function consoleCommands(text: string): Example[] {
  const examples: { command: string; output: string }[] = [];
  for (const line of text.trimEnd().split("\n")) {
    const last = examples.at(-1);
    if (line.startsWith("$ ")) examples.push({ command: line.slice(2), output: "" });
    else if (last === undefined) throw new Error(`output before any command: ${line}`);
    else if (line.startsWith("> ")) last.command += `\n${line.slice(2)}`;
    else last.output += `${line}\n`;
  }
  return examples;
}

function scriptCommands(text: string): string[] {
  const commands: string[] = [];
  let pending = "";
  for (const line of text.trimEnd().split("\n")) {
    if (pending === "" && (line === "" || line.startsWith("#"))) continue;
    pending = pending === "" ? line : `${pending}\n${line}`;
    if (!isWhole(pending)) continue;
    commands.push(pending);
    pending = "";
  }
  if (pending !== "") throw new Error(`a command that does not end: ${pending}`);
  return commands;
}

/** Whether a shell would run it as it is. */
function isWhole(command: string): boolean {
  if (command.endsWith("\\")) return false;
  return Bun.spawnSync(["sh", "-nc", command]).success;
}
