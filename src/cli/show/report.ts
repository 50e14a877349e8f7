// How a failure is told: one line on stderr that says what failed, and a second one with the remedy.

import { type Difference, messageOf, Problem } from "../../domain/problem.ts";
import { exitCodeOf, exitCodeOfUnknown } from "../exit.ts";
import { printErr } from "./print.ts";
import { visible } from "./visible.ts";

/** Tells it on stderr and gives the exit code. A defect of korun is told with its stack. */
export function report(thrown: unknown, subject?: string): number {
  printErr(describe(thrown, subject));
  return exitCodeOf(thrown);
}

/** Tells that there is no such session, and gives what a wait says of that; throws anything else. */
export function reportUnknown(thrown: unknown): number {
  const code = exitCodeOfUnknown(thrown);
  if (code === undefined) throw thrown;
  printErr(describe(thrown, undefined));
  return code;
}

function describe(thrown: unknown, subject: string | undefined): string {
  const about = subject === undefined ? "" : `${visible(subject)}: `;
  if (!(thrown instanceof Problem)) {
    const stack = thrown instanceof Error ? thrown.stack : undefined;
    return `korun: ${about}unexpected failure: ${stack ?? messageOf(thrown)}\n`;
  }
  const { message, expected } = thrown;
  const wanted = expected === undefined || message.includes(expected) ? undefined : expected;
  const remedy = thrown.hint ?? (wanted === undefined ? undefined : `Expected ${wanted}.`);
  const lines = [`korun: ${about}${visible(message)}`];
  for (const difference of thrown.differences ?? [])
    lines.push(`  ${visible(inWords(difference))}`);
  if (remedy !== undefined) lines.push(`  ${visible(remedy)}`);
  return `${lines.join("\n")}\n`;
}

function inWords({ field, has, asked }: Difference): string {
  return `${field}: it has ${shown(has)}, asked for was ${shown(asked)}`;
}

function shown(value: unknown): string {
  if (value === null || value === undefined) return "none";
  return typeof value === "string" ? value : JSON.stringify(value);
}
