// Commands that take several sessions: each is done, side by side, whatever becomes of the others.

import type { ActionReply, SessionSummary } from "../api/replies.ts";
import type { Client, Reply } from "../client/client.ts";
import { NoDaemon } from "../client/failure.ts";
import { isProblem, Problem } from "../domain/problem.ts";
import { EXIT } from "./exit.ts";
import { misuse } from "./line/argv.ts";
import { expectReference, labelsOf, pickSession } from "./pick.ts";
import { printOut } from "./show/print.ts";
import { report } from "./show/report.ts";
import { visible } from "./show/visible.ts";

/** What every command that takes several sessions has beside its own `--all`. */
export const EACH_FLAGS = {
  json: { kind: "switch", about: "Print the API's own body, one a session" },
} as const;

/** A session, and what to call it. */
export interface Target {
  readonly reference: string;
  readonly label: string;
}

/** What became of one session. */
export interface Outcome {
  readonly reply: Reply<ActionReply>;
  /** In a word or two, such as `stopped`; undefined: not worth a word. */
  readonly done: string | undefined;
  /** It was done, but not as wanted. */
  readonly failure?: string | undefined;
}

export interface EachOptions {
  readonly name: string;
  readonly words: readonly string[];
  readonly flags: { readonly all: boolean; readonly json: boolean };
  /** What is said to whoever names a session as well; by default what `--all` means. */
  readonly everyone?: string | undefined;
  /** Which sessions `--all` means. */
  isMeant(session: SessionSummary): boolean;
  /** Whether one that is forgotten meanwhile is as `--all` wants it. */
  readonly forgottenIsDone: boolean;
  act(target: Target): Promise<Outcome>;
}

/** It was listed, and is not known any more: those at rest are forgotten when they become many. */
const FORGOTTEN = Symbol("forgotten");

/** Acts on every session that was named, tells each outcome in order, and gives the exit code. */
export async function forEachSession(client: Client, options: EachOptions): Promise<number> {
  const targets = await targetsOf(client, options);
  if (targets.length === 0) return await nothingToDo(options);
  const failed = (thrown: unknown) => {
    const isDone = options.flags.all && options.forgottenIsDone && isProblem(thrown, "not_found");
    return isDone ? FORGOTTEN : { thrown };
  };
  const outcomes = targets.map((target) => options.act(target).catch(failed));
  const codes: number[] = [];
  for (const [place, pending] of outcomes.entries()) {
    codes.push(tell(await pending, targets[place]?.label ?? "", options.flags.json));
  }
  const [only, ...others] = codes;
  if (others.length === 0) return only ?? EXIT.ok;
  return codes.every((code) => code === EXIT.ok) ? EXIT.ok : EXIT.failure;
}

async function targetsOf(client: Client, options: EachOptions): Promise<Target[]> {
  const { words, flags } = options;
  if (!flags.all) {
    const named =
      words.length > 0
        ? words.map(expectReference)
        : [await pickSession(client, [], " Or all of them: --all.")];
    return named.map((reference) => ({ reference, label: reference }));
  }
  if (words.length > 0) {
    const why = options.everyone ?? `--all means every session, and ${words[0]} is one`;
    throw misuse(options, why);
  }
  const sessions = await listOrNone(client);
  const meant = sessions.filter((session) => options.isMeant(session));
  return [...labelsOf(meant)].map(([reference, label]) => ({ reference, label }));
}

/** Without a daemon there is no session to act on, which is what `--all` of none means. */
async function listOrNone(client: Client): Promise<readonly SessionSummary[]> {
  try {
    return (await client.list()).body.sessions;
  } catch (thrown) {
    if (thrown instanceof NoDaemon) return [];
    throw thrown;
  }
}

async function nothingToDo({ name }: EachOptions): Promise<number> {
  const { note } = await import("./show/note.ts");
  note.info(name === "rm" ? "no session to remove" : `no session to ${name}`);
  return EXIT.ok;
}

function tell(
  outcome: Outcome | { thrown: unknown } | typeof FORGOTTEN,
  label: string,
  json: boolean,
): number {
  if (outcome === FORGOTTEN) return EXIT.ok;
  if ("thrown" in outcome) return report(outcome.thrown);
  if (json) printOut(outcome.reply.text);
  if (outcome.failure !== undefined) {
    report(new Problem("internal", `${label}: ${outcome.failure}`));
    return EXIT.failure;
  }
  if (!json && outcome.done !== undefined) printOut(`${visible(label)} ${outcome.done}\n`);
  return EXIT.ok;
}
