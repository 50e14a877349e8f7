// `korun logs -f`: follows every session at once, each line named by its session. Sessions that are
// made later join, and those that are started again go on where they were.

import type { FollowFrame, SessionSummary } from "../api/replies.ts";
import type { Client } from "../client/client.ts";
import { readFrames } from "../client/frames.ts";
import { Problem } from "../domain/problem.ts";
import { LinePrinter, type LineSource } from "./line-printer.ts";
import { type LogFlags, planOfEach } from "./log-flags.ts";
import { openClient } from "./open-client.ts";
import { isActive, labelOf } from "./pick.ts";
import { writeAll } from "./print.ts";
import { screenOf } from "./screen.ts";
import { whileRead } from "./show-log.ts";
import { painter, type Style } from "./style.ts";
import { visible } from "./visible.ts";

/** How often to look for new sessions, in ms. */
const LOOK_MS = 500;

const STYLES: readonly Style[] = ["cyan", "green", "yellow", "magenta", "blue"];

/** Follows until it is interrupted, or nobody reads any more. Gives the exit code. */
export async function followAll(flags: LogFlags): Promise<number> {
  const plan = planOfEach(flags);
  const client = openClient({ launch: false });
  const streams = plan.query.stream === undefined || plan.query.stream === "blended";
  const paint = painter((await screenOf(1)).colour);
  const printer = new LinePrinter({ times: plan.times, streams, paint });
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
    }
  });
}

/** A session that is or was followed. */
interface Followed {
  readonly id: string;
  readonly source: LineSource;
  /** Where to go on; undefined: the newest lines have not been shown yet. */
  next: number | undefined;
  /** Its restarts when it was last followed: more of them mean more to read. */
  restarts: number;
  open: boolean;
}

interface FollowersOptions {
  readonly query: ReturnType<typeof planOfEach>["query"];
  readonly history: number;
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
    const { signal } = this.#options;
    for (let first = true; !signal.aborted; first = false) {
      const { body } = await this.#client.list();
      for (const session of body.sessions) this.#look(session, first);
      await Promise.race([pause(signal), this.#broken.promise]);
    }
  }

  #look(session: SessionSummary, first: boolean): void {
    const known = this.#followed.get(session.id);
    if (known?.open) return;
    if (known !== undefined && !isActive(session) && session.restart_count === known.restarts) {
      return;
    }
    const followed = known ?? this.#add(session, first);
    followed.open = true;
    followed.restarts = session.restart_count;
    this.#follow(followed)
      .catch((thrown: unknown) => this.#lost(followed, thrown))
      .finally(() => {
        followed.open = false;
      });
  }

  /** Of a session that is made while we follow, all is new. */
  #add(session: SessionSummary, first: boolean): Followed {
    const style = STYLES[this.#followed.size % STYLES.length] ?? "cyan";
    const source = { label: visible(labelOf(session)), style };
    const next = first ? undefined : 0;
    const followed: Followed = { id: session.id, source, next, restarts: 0, open: false };
    this.#followed.set(session.id, followed);
    return followed;
  }

  async #follow(followed: Followed): Promise<void> {
    const { query, history, signal } = this.#options;
    const from = followed.next === undefined ? { limit: history } : { limit: undefined };
    const stream = await this.#client.log(followed.id, {
      action: "logs",
      query: { ...query, ...from, sinceSeq: followed.next },
      signal,
    });
    for await (const frames of readFrames(stream, signal)) {
      const last = frames.at(-1);
      if (last !== undefined) followed.next = "missed" in last ? last.next_seq : last.seq + 1;
      await this.#write(this.#options.shown(frames, followed));
    }
    followed.next ??= 0;
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

function pause(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, LOOK_MS);
    signal.addEventListener("abort", done, { once: true });
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
  });
}
