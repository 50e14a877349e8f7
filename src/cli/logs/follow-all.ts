// `korun logs -f`: follows every session at once, each line named by its session. Sessions that are
// made later join, and those that are started again go on where they were.

import type { EventReply } from "../../api/history-replies.ts";
import type { FollowFrame, LogReply } from "../../api/log-replies.ts";
import type { SessionSummary } from "../../api/replies.ts";
import type { Client } from "../../client/client.ts";
import { followEvents, followLog } from "../../client/follow.ts";
import type { LogFilters } from "../../client/queries.ts";
import { LONGEST_TIMER_MS } from "../../domain/duration.ts";
import { parseMoment, timeOf } from "../../domain/moment.ts";
import { isProblem, Problem } from "../../domain/problem.ts";
import { pause } from "../../process/pause.ts";
import { type LogFlags, planOfEach } from "../line/log-flags.ts";
import { openClient } from "../open-client.ts";
import { distinctLabel, labelOf, labelsOf } from "../pick.ts";
import { writeAll } from "../show/print.ts";
import { screenOf } from "../show/screen.ts";
import { painter, type Style } from "../show/style.ts";
import { visible } from "../show/visible.ts";
import { gapsOfStdout } from "./gaps.ts";
import { LinePrinter, type LineSource } from "./line-printer.ts";
import { whileRead } from "./show-log.ts";

const STYLES: readonly Style[] = ["cyan", "green", "yellow", "magenta", "blue"];

/**
 * Follows until it is interrupted, nobody reads any more, or `--until` is over. Gives the exit code.
 */
export async function followAll(flags: LogFlags): Promise<number> {
  const plan = planOfEach(flags);
  const until = parseMoment(flags.until ?? "");
  const untilMs = until === undefined ? undefined : timeOf(until, Date.now());
  const client = openClient({ launch: "remembered" });
  const streams = plan.query.stream === undefined || plan.query.stream === "blended";
  const paint = painter((await screenOf(1)).colour);
  const gaps = await gapsOfStdout();
  const printer = new LinePrinter({ times: plan.times, streams, paint, gaps });
  const shown = plan.json
    ? jsonOf
    : (frames: readonly FollowFrame[], { source }: Followed) => printer.format(frames, source);
  return await whileRead(async (left) => {
    const ended = new AbortController();
    const signal = AbortSignal.any([left, ended.signal]);
    try {
      await new Followers(client, { ...plan, untilMs, shown, signal }).run();
    } finally {
      ended.abort();
      gaps?.end();
    }
  });
}

/** A session that is or was followed. */
interface Followed {
  readonly id: string;
  readonly name: string | null;
  readonly source: LineSource;
  /** Where to go on; undefined: the newest lines have not been shown yet. */
  next: number | undefined;
  open: boolean;
  /** It was started again while what came before was still being read. */
  again: boolean;
}

type Named = Pick<SessionSummary, "id" | "name">;

interface FollowersOptions {
  readonly query: ReturnType<typeof planOfEach>["query"];
  readonly history: number;
  readonly filters: LogFilters;
  /** Where it ends, in epoch ms. */
  readonly untilMs: number | undefined;
  readonly signal: AbortSignal;
  shown(frames: readonly FollowFrame[], of: Followed): string;
}

class Followers {
  readonly #client: Client;
  readonly #options: FollowersOptions;
  readonly #followed = new Map<string, Followed>();
  readonly #encoder = new TextEncoder();
  /** Those that are being read. */
  readonly #reading = new Set<Promise<void>>();
  readonly #broken = Promise.withResolvers<never>();
  #written: Promise<void> = Promise.resolve();

  constructor(client: Client, options: FollowersOptions) {
    this.#client = client;
    this.#options = options;
  }

  /**
   * Ends when the signal is aborted, or at `until`. Throws what broke: the daemon went away, or a
   * write failed.
   */
  async run(): Promise<void> {
    // Asked before the list: what is made in between is in one of both, or in both.
    const { next_seq: sinceSeq } = (await this.#client.events({ limit: 0 })).body;
    const { body } = await this.#client.list();
    const labels = labelsOf(body.sessions);
    for (const session of body.sessions) {
      this.#look(this.#add(session, { label: labels.get(session.id), next: undefined }));
    }
    const broken = this.#broken.promise;
    await Promise.race([this.#watch(sinceSeq), this.#end(), broken]);
    if (this.#options.signal.aborted) return;
    if (this.#isOver()) return await Promise.race([this.#readOut(), broken]);
    throw new Problem("unavailable", "the daemon went away (it was stopped)");
  }

  /** Resolves at `until`; without one, never. */
  async #end(): Promise<void> {
    const { untilMs, signal } = this.#options;
    if (untilMs === undefined) return await new Promise(() => {});
    while (!this.#isOver() && !signal.aborted) {
      await pause(Math.min(untilMs - Date.now(), LONGEST_TIMER_MS), signal);
    }
  }

  #isOver(): boolean {
    const { untilMs } = this.#options;
    return untilMs !== undefined && Date.now() >= untilMs;
  }

  /** Each log ends there by itself, with what had come by then. */
  async #readOut(): Promise<void> {
    while (this.#reading.size > 0) await Promise.all(this.#reading);
  }

  async #watch(sinceSeq: number): Promise<void> {
    const { signal } = this.#options;
    for await (const events of followEvents(this.#client, { sinceSeq, signal })) {
      for (const event of events) this.#take(event);
    }
  }

  /** Of a session that is made while we follow, all is new. */
  #take({ type, session_id: id, name = null }: EventReply): void {
    if (id === null) return;
    const known = this.#followed.get(id);
    if (type === "created" && known === undefined) {
      this.#look(this.#add({ id, name }, { label: this.#labelOf({ id, name }), next: 0 }));
    }
    if (type === "removed") this.#followed.delete(id);
    if (type === "starting" && known !== undefined) this.#look(known);
  }

  #look(followed: Followed): void {
    followed.again = followed.open;
    if (followed.open) return;
    followed.open = true;
    const reading = this.#follow(followed)
      .catch((thrown: unknown) => this.#lost(followed, thrown))
      .finally(() => {
        this.#reading.delete(reading);
        followed.open = false;
        if (followed.again) this.#look(followed);
      });
    this.#reading.add(reading);
  }

  #add(
    session: Named,
    { label = labelOf(session), next }: { label: string | undefined; next: number | undefined },
  ): Followed {
    const style = STYLES[this.#followed.size % STYLES.length] ?? "cyan";
    const source = { label: visible(label), style };
    const { id, name } = session;
    const followed: Followed = { id, name, source, next, open: false, again: false };
    this.#followed.set(id, followed);
    return followed;
  }

  /** What to call one that joins: nobody is called so already. */
  #labelOf(session: Named): string {
    const others = [...this.#followed.values()];
    const isShared = others.some(({ name }) => name !== null && name === session.name);
    return isShared ? distinctLabel(session) : labelOf(session);
  }

  async #follow(followed: Followed): Promise<void> {
    const { query, history, filters, signal } = this.#options;
    const { id } = followed;
    const { stream } = query;
    if (followed.next === undefined) {
      const page = await this.#client.log(id, {
        action: "logs",
        query: { ...filters, stream, limit: history, format: "json" },
        signal,
      });
      const { entries, next_seq } = (await new Response(page).json()) as LogReply;
      followed.next = next_seq;
      await this.#write(this.#options.shown(entries, followed));
    }
    const log = { id, stream, sinceSeq: followed.next, filters, signal };
    for await (const frames of followLog(this.#client, log)) {
      const last = frames.at(-1);
      if (last !== undefined) followed.next = "missed" in last ? last.next_seq : last.seq + 1;
      await this.#write(this.#options.shown(frames, followed));
    }
  }

  /** One after the other, in the order in which they were formatted. */
  #write(text: string): Promise<void> {
    this.#written = this.#written.then(() => writeAll(1, this.#encoder.encode(text)));
    return this.#written;
  }

  #lost({ id }: Followed, thrown: unknown): void {
    // It was removed between the look and the follow.
    if (isProblem(thrown, "not_found")) this.#followed.delete(id);
    else this.#broken.reject(thrown);
  }
}

/** The API's frames, with what they do not say: whose they are. */
function jsonOf(frames: readonly FollowFrame[], { id }: { readonly id: string }): string {
  return frames.map((frame) => `${JSON.stringify({ session_id: id, ...frame })}\n`).join("");
}
