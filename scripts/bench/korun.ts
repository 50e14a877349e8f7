// A korun of our own: its daemon in a place of its own, asked over TCP like anybody would.

import type { DaemonReply } from "../../src/api/daemon-replies.ts";
import { SESSIONS, sessionPath } from "../../src/api/paths.ts";
import type { CreatedReply, SessionReply } from "../../src/api/replies.ts";
import type { CreateSessionBody } from "../../src/api/requests.ts";
import type { Bench } from "./bench.ts";
import { Place } from "./place.ts";

export class Korun {
  readonly place: Place;
  readonly port: number;
  readonly #binary: string;

  private constructor(place: Place, parts: { binary: string; port: number }) {
    this.place = place;
    this.port = parts.port;
    this.#binary = parts.binary;
  }

  /** Starts a daemon. */
  static async start({ korun: binary }: Bench): Promise<Korun> {
    const place = new Place();
    await place.run([binary, "daemon", "start"]);
    const status = await place.run([binary, "daemon", "status", "--json"]);
    const { port } = JSON.parse(status) as DaemonReply;
    return new Korun(place, { binary, port });
  }

  /** A command line of this korun's client. */
  command(...args: readonly string[]): string[] {
    return [this.#binary, ...args];
  }

  url(path: string): string {
    return `http://127.0.0.1:${this.port}${path}`;
  }

  /** Starts a session and gives its id once the command runs. */
  async serve(body: CreateSessionBody): Promise<string> {
    const reply = await fetch(this.url(`${SESSIONS}?wait=1`), {
      method: "POST",
      body: JSON.stringify({ cwd: this.place.folder, ...body }),
    });
    const { id, state, error } = (await reply.json()) as CreatedReply;
    if (state === "running" || state === "exited") return id;
    throw new Error(`korun did not start ${body.command.join(" ")}: ${error ?? reply.status}`);
  }

  async session(id: string): Promise<SessionReply> {
    return (await (await fetch(this.url(sessionPath(id)))).json()) as SessionReply;
  }

  async stop(id: string): Promise<void> {
    await fetch(this.url(`${sessionPath(id, "stop")}?wait=1`), { method: "POST" });
  }

  /** The processes that korun itself consists of, its children left out. */
  pids(): number[] {
    const own = this.place.processes().filter(({ program }) => program === this.#binary);
    return own.map(({ pid }) => pid);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.place[Symbol.asyncDispose]();
  }
}
