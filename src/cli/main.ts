// The way of a command line: find the command, read its flags, run it, turn what it throws into one
// line and an exit code. Only what every command needs is loaded here.

import { COMMANDS, findCommand } from "./commands.ts";
import { EXIT } from "./exit.ts";
import { cutAtDashes, misuse, parseLine } from "./line/argv.ts";
import { isGroup } from "./line/signature.ts";
import { isBrokenPipe, printOut } from "./show/print.ts";

/**
 * Runs a command line and sets the exit code of the process. It never ends the process itself, so
 * that all output is written.
 */
export async function main(argv: readonly string[]): Promise<void> {
  try {
    process.exitCode = await runLine(argv);
  } catch (thrown) {
    process.exitCode = await failed(thrown);
  }
}

async function runLine(argv: readonly string[]): Promise<number> {
  const line = cutAtDashes(argv);
  const [first] = line.own;
  if (first === "--version" || first === "-V") return await showVersion();
  if (line.own.length === 0 || first === "help" || isHelp(first)) {
    return await showHelp(first === "help" ? line.own.slice(1) : []);
  }
  if (first?.startsWith("-")) {
    throw misuse({ name: "" }, `there is no flag ${first} before the name of a command`);
  }
  const { command, rest } = await findCommand(line.own);
  if (isGroup(command) || rest.some(isHelp)) return await showHelp(command.name.split(" "));
  const parsed = parseLine(command, { own: rest, rest: line.rest });
  try {
    return await command.run(parsed, COMMANDS);
  } catch (thrown) {
    const { inFlags } = await import("./line/fields.ts");
    throw inFlags(thrown, command);
  }
}

function isHelp(arg: string | undefined): boolean {
  return arg === "--help" || arg === "-h";
}

async function showVersion(): Promise<number> {
  const { VERSION } = await import("../client/version.ts");
  printOut(`korun ${VERSION}\n`);
  return EXIT.ok;
}

async function showHelp(names: readonly string[]): Promise<number> {
  const { renderHelp } = await import("./line/help.ts");
  printOut(await renderHelp(names));
  return EXIT.ok;
}

async function failed(thrown: unknown): Promise<number> {
  // The reader of our output has left, as `head` does: nothing is wrong, and nobody to tell.
  if (isBrokenPipe(thrown)) return EXIT.brokenPipe;
  const { report } = await import("./show/report.ts");
  return report(thrown);
}
