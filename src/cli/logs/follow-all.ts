// `korun logs -f`: follows every session at once, each line named by its session. Sessions that are
// made later join, and those that are started again go on where they were.

import type { EventReply } from "../../api/history-replies.ts";
import type { FollowFrame, LogReply } from "../../api/log-replies.ts";
import type { SessionSummary } from "../../api/replies.ts";
import type { Client } from "../../client/client.ts";
import { followEvents, followLog } from "../../client/follow.ts";
import type { LogFilters } from "../../client/queries.ts";
import { Problem } from "../../domain/problem.ts";
import { type LogFlags, planOfEach } from "../line/log-flags.ts";
import { openClient } from "../open-client.ts";
import { labelOf } from "../pick.ts";
import { writeAll } from "../show/print.ts";
import { screenOf } from "../show/screen.ts";
import { painter, type Style } from "../show/style.ts";
import { visible } from "../show/visible.ts";
import { gapsOfStdout } from "./gaps.ts";
import { LinePrinter, type LineSource } from "./line-printer.ts";
import { whileRead } from "./show-log.ts";

const STYLES: readonly Style[] = ["cyan", "green", "yellow", "magenta", "blue"];

/** Follows until it is interrupted, or nobody reads any more. Gives the exit code. */
export async function followAll(flags: LogFlags): Promise<number> {
  const plan = planOfEach(flags);
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
      await new Followers(client, { ...plan, shown, signal }).run();
    } finally {
      ended.abort();
      gaps?.end();
    }
  });
}

/** A session that is or was followed. */
interface Followed {
  readonly id: string;
  readonly source: LineSource;
  /** Where to go on; undefined: the newest lines have not been shown yet. */
  next: number | undefined;
  open: boolean;
  /** It was started again while what came before was still being read. */
  again: boolean;
}

interface FollowersOptions {
  readonly query: ReturnType<typeof planOfEach>["query"];
  readonly history: number;
  readonly filters: LogFilters;
  readonly signal: AbortSignal;
  shown(frames: readonly FollowFrame[], of: Followed): string;
}

class Followers {
  readonly #client: Client;
  readonly #options: FollowersOptions;
  readonly #followed = new Map<string, Followed>();
  readonly #encoder = new TextEncoder();
  readonly #broken = Promise.withResolvers<never>();
  #written: Promise<void> = Promise.resolve();

  constructor(client: Client, options: FollowersOptions) {
    this.#client = client;
    this.#options = options;
  }

  /** Ends when the signal is aborted. Throws what broke: the daemon went away, or a write failed. */
  async run(): Promise<void> {
    // Asked before the list: what is made in between is in one of both, or in both.
    const { next_seq: sinceSeq } = (await this.#client.events({ limit: 0 })).body;
    const { body } = await this.#client.list();
    for (const session of body.sessions) this.#look(this.#add(session, undefined));
    await Promise.race([this.#watch(sinceSeq), this.#broken.promise]);
    if (this.#options.signal.aborted) return;
    throw new Problem("unavailable", "the daemon went away (it was stopped)");
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
    if (type === "created" && known === undefined) this.#look(this.#add({ id, name }, 0));
    if (type === "removed") this.#followed.delete(id);
    if (type === "starting" && known !== undefined) this.#look(known);
  }

  #look(followed: Followed): void {
    followed.again = followed.open;
    if (followed.open) return;
    followed.open = true;
    this.#follow(followed)
      .catch((thrown: unknown) => this.#lost(followed, thrown))
      .finally(() => {
        followed.open = false;
        if (followed.again) this.#look(followed);
      });
  }

  #add(session: Pick<SessionSummary, "id" | "name">, next: number | undefined): Followed {
    const style = STYLES[this.#followed.size % STYLES.length] ?? "cyan";
    const source = { label: visible(labelOf(session)), style };
    const followed: Followed = { id: session.id, source, next, open: false, again: false };
    this.#followed.set(session.id, followed);
    return followed;
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
    if (thrown instanceof Problem && thrown.code === "not_found") this.#followed.delete(id);
    else this.#broken.reject(thrown);
  }
}

/** The API's frames, with what they do not say: whose they are. */
function jsonOf(frames: readonly FollowFrame[], { id }: { readonly id: string }): string {
  return frames.map((frame) => `${JSON.stringify({ session_id: id, ...frame })}\n`).join("");
}
