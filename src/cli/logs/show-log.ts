// Shows the log of one session: the API's text or JSON as it comes, or lines with their times.

import type { FollowFrame, LogReply } from "../../api/log-replies.ts";
import type { Client } from "../../client/client.ts";
import { followLog, followText } from "../../client/follow.ts";
import { readChunks } from "../../client/frames.ts";
import { EXIT } from "../exit.ts";
import { type LogFlags, type LogPlan, planLog } from "../line/log-flags.ts";
import { openClient } from "../open-client.ts";
import { pickSession } from "../pick.ts";
import { printOut, writeAll } from "../show/print.ts";
import { screenOf } from "../show/screen.ts";
import { painter } from "../show/style.ts";
import { FrameText } from "./frame-text.ts";
import { type GapTeller, gapsOfStdout, withGapTold } from "./gaps.ts";
import { LinePrinter } from "./line-printer.ts";

/** The whole of `logs`, `tail` and `head` for one session. Gives the exit code. */
export async function showLog(
  action: LogPlan["action"],
  { flags, words }: { readonly flags: LogFlags; readonly words: readonly string[] },
): Promise<number> {
  const plan = planLog(action, flags);
  const client = openClient({ launch: "remembered" });
  const reference = await pickSession(client, words);
  if (!plan.query.follow) return await showPage(client, { reference, plan });
  return await whileRead((signal) => follow(client, { reference, plan, signal }));
}

/** Runs `show` until it ends, or until nobody reads stdout any more. Gives the exit code. */
export async function whileRead(show: (signal: AbortSignal) => Promise<void>): Promise<number> {
  const { watchReader } = await import("../show/reader.ts");
  const leaving = new AbortController();
  const unwatch = watchReader(() => leaving.abort());
  try {
    await show(leaving.signal);
  } catch (thrown) {
    if (!leaving.signal.aborted) throw thrown;
  } finally {
    unwatch();
  }
  return leaving.signal.aborted ? EXIT.brokenPipe : EXIT.ok;
}

interface Shown {
  readonly reference: string;
  readonly plan: LogPlan;
}

async function showPage(client: Client, { reference, plan }: Shown): Promise<number> {
  const stream = await client.log(reference, plan);
  if (!plan.times) {
    for await (const chunk of readChunks(stream)) await writeAll(1, chunk);
    return EXIT.ok;
  }
  const page = (await new Response(stream).json()) as LogReply;
  const { dropped = 0, entries, next_seq } = page;
  const missed = dropped === 0 ? [] : [{ missed: dropped, next_seq }];
  printOut((await linePrinter(plan)).format([...missed, ...entries]));
  return EXIT.ok;
}

async function follow(
  client: Client,
  { reference, plan, signal }: Shown & { signal: AbortSignal },
): Promise<void> {
  const { stream, limit, sinceSeq } = plan.query;
  const { filters } = plan;
  // The page says whose log it is, and from where on to follow.
  const query = sinceSeq === undefined ? { limit } : { limit: 0, sinceSeq };
  const page = await client.log(reference, {
    action: plan.action,
    query: { ...filters, stream, ...query, format: "json" },
  });
  const { session_id: id, entries, next_seq } = (await new Response(page).json()) as LogReply;
  const log = { id, stream, sinceSeq: next_seq, filters, signal };
  if (!plan.json && !plan.times) {
    const text = new FrameText(stream ?? "blended");
    await writeAll(1, text.format(entries));
    const { open } = text;
    const gaps = await gapsOfStdout();
    try {
      for await (const piece of followText(client, { ...log, open })) {
        await writeAll(1, withGapTold(piece, gaps));
      }
    } finally {
      gaps?.end();
    }
    return;
  }
  const encoder = new TextEncoder();
  const gaps = plan.json ? undefined : await gapsOfStdout();
  const printer = plan.json ? undefined : await linePrinter(plan, gaps);
  const show = (frames: readonly FollowFrame[]) =>
    writeAll(1, encoder.encode(printer?.format(frames) ?? jsonLines(frames)));
  await show(entries);
  try {
    for await (const frames of followLog(client, log)) await show(frames);
  } finally {
    gaps?.end();
  }
}

function jsonLines(frames: readonly FollowFrame[]): string {
  return frames.map((frame) => `${JSON.stringify(frame)}\n`).join("");
}

async function linePrinter({ times, query }: LogPlan, gaps?: GapTeller): Promise<LinePrinter> {
  const streams = query.stream === undefined || query.stream === "blended";
  return new LinePrinter({ times, streams, paint: painter((await screenOf(1)).colour), gaps });
}
