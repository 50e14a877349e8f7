// What an output is: a person's terminal, how wide it is and whether it shows colour, or a pipe.

import { fstatSync } from "node:fs";
import type { TerminalSize } from "../../native/terminal-size.ts";

export interface Screen {
  readonly isTerminal: boolean;
  /** Width of the terminal; undefined when there is none, or it does not say. */
  readonly columns: number | undefined;
  readonly colour: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Looks at stdout or stderr. Costs next to nothing when it is a pipe or a file. */
export async function screenOf(fd: 1 | 2, env: Environment = process.env): Promise<Screen> {
  const size = await terminalAt(fd);
  const isTerminal = size !== undefined;
  return {
    isTerminal,
    columns: size !== undefined && size.columns > 0 ? size.columns : undefined,
    colour: wantsColour(env, isTerminal),
  };
}

/** Whether to use colour: as NO_COLOR and FORCE_COLOR say, else on a terminal that knows colour. */
export function wantsColour(env: Environment, isTerminal: boolean): boolean {
  if (env.NO_COLOR) return false;
  const forced = env.FORCE_COLOR;
  if (forced) return forced !== "0" && forced !== "false";
  return isTerminal && env.TERM !== "dumb";
}

/** Whether stdout and stderr are the same terminal, so that one reader sees both. */
export async function sharesTerminal(): Promise<boolean> {
  const [out, err] = [fstatSync(1), fstatSync(2)];
  return out.rdev === err.rdev && out.ino === err.ino && (await terminalAt(1)) !== undefined;
}

/** Code that only a terminal needs is loaded for one only. */
async function terminalAt(fd: 1 | 2): Promise<TerminalSize | undefined> {
  if (!fstatSync(fd).isCharacterDevice()) return undefined;
  const { terminalSize } = await import("../../native/terminal-size.ts");
  return await terminalSize(fd);
}
