// Waiting for a session on the command line: what came of it in words, and as an exit code.

import type { WaitReply } from "../api/waiting.ts";
import type { Client, WaitQuery } from "../client/client.ts";
import { waitForSession } from "../client/waiting.ts";
import { formatDuration } from "../domain/duration.ts";
import { Problem } from "../domain/problem.ts";
import type { WaitGoal, WaitOutcome } from "../domain/wait.ts";
import { EXIT } from "./exit.ts";
import { printOut } from "./show/print.ts";
import { report, reportUnknown } from "./show/report.ts";
import { visible } from "./show/visible.ts";

export interface Awaited extends WaitQuery {
  readonly reference: string;
  /** What to call the session; its reference, unless it is said. */
  readonly label?: string;
  /** What is printed on stdout. What went wrong is told on stderr in any case. */
  readonly shows: "words" | "json" | "nothing";
}

const EXITS: Readonly<Record<WaitOutcome, number>> = {
  reached: EXIT.ok,
  timed_out: EXIT.timedOut,
  ended: EXIT.endedInstead,
};

/** Waits, says what came of it, and gives the exit code. */
export async function awaitSession(client: Client, awaited: Awaited): Promise<number> {
  const { reference, label = reference, goal, timeoutMs, shows } = awaited;
  const since = performance.now();
  try {
    const { body, text } = await waitForSession(client, reference, awaited);
    const isLate = performance.now() - since >= timeoutMs;
    if (shows === "json") printOut(text);
    if (shows === "words" && body.outcome === "reached") {
      printOut(`${visible(label)} ${REACHED[goal](body)}\n`);
    }
    if (body.outcome !== "reached") report(failureOf(body, { ...awaited, label, isLate }));
    return EXITS[body.outcome];
  } catch (thrown) {
    return reportUnknown(thrown);
  }
}

const REACHED: Readonly<Record<WaitGoal, (reply: WaitReply) => string>> = {
  ready: () => "is ready",
  running: () => "is running",
  exit: (reply) => {
    const isExit = reply.state === "exited" && reply.term_signal === null;
    return isExit ? `has ${endOf(reply)}` : endOf(reply);
  },
};

interface Failed extends Awaited {
  readonly label: string;
  /** It was waited for as long as was said. */
  readonly isLate: boolean;
}

function failureOf(reply: WaitReply, awaited: Failed): Problem {
  const { label, goal } = awaited;
  const did = reply.outcome === "ended" ? endedFirst(reply, awaited) : wasLate(reply, awaited);
  // Its checks are about being ready, and about nothing else.
  const wanting = goal === "ready" ? reply.waiting_for.join("; ") : "";
  const waits = reply.outcome === "ended" ? "It was waiting for" : "It waits for";
  // What could not be started has printed nothing.
  const told = reply.state === "failed" ? "why" : "logs";
  const hints = [
    ...(wanting === "" ? [] : [`${waits} ${wanting}.`]),
    `See: korun ${told} ${label}`,
  ];
  return new Problem("internal", `${label} ${did}`, { hint: hints.join(" ") });
}

function endedFirst(reply: WaitReply, { goal }: Awaited): string {
  if (goal === "ready" && reply.state === "failed") return endOf(reply);
  // What was ready, or had no checks to meet, was waiting for nothing when it ended.
  const wasReady = reply.waiting_for.length === 0;
  if (goal !== "ready" || wasReady) return `does not run: it ${endOf(reply)}`;
  return `${endOf(reply)} before it was ready`;
}

function wasLate({ state }: WaitReply, { goal, timeoutMs, isLate }: Failed): string {
  const time = formatDuration(timeoutMs);
  if (goal === "ready" && !isLate) return "was not ready in time, and runs on";
  const wanted = { ready: "is not ready", running: "is not running", exit: "has not exited" };
  return `${wanted[goal]} after ${time}: it is ${state}`;
}

function endOf({ state, exit_code, term_signal }: WaitReply): string {
  if (state === "failed") return "could not be started";
  if (term_signal !== null) return `was ended by ${term_signal}`;
  return exit_code === null ? "ended" : `exited with code ${exit_code}`;
}
