// Followers: a program that reads what it gets, and a curl that can be held still.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { FollowFrame, LogEntry, MissedFrame } from "../../../src/api/log-replies.ts";
import type { Korun } from "../../support/korun.ts";
import { waitFor } from "../../support/wait.ts";

/** Starts following a session. */
export async function follow(korun: Korun, id: string, query = ""): Promise<FollowReader> {
  return new FollowReader(await korun.fetch(`/v1/sessions/${id}/logs?follow=1&${query}`));
}

/** Reads a follower's answer line by line. */
export class FollowReader implements AsyncDisposable {
  readonly response: Response;
  readonly #lines: AsyncGenerator<string>;

  constructor(response: Response) {
    this.response = response;
    this.#lines = linesOf(response);
  }

  /** The next line; undefined at the end. */
  async line(): Promise<string | undefined> {
    const { value, done } = await this.#lines.next();
    return done === true ? undefined : value;
  }

  /** The next entry or notice; undefined at the end. */
  async frame(): Promise<FollowFrame | undefined> {
    const line = await this.line();
    return line === undefined ? undefined : (JSON.parse(line) as FollowFrame);
  }

  /** Everything until the end. */
  async rest(): Promise<FollowFrame[]> {
    const frames: FollowFrame[] = [];
    for (let frame = await this.frame(); frame; frame = await this.frame()) frames.push(frame);
    return frames;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lines.return(undefined);
  }
}

export function isMissed(frame: FollowFrame): frame is MissedFrame {
  return "missed" in frame;
}

/** What a follower was given and what it was told it missed. */
export function tally(frames: readonly FollowFrame[]): { entries: LogEntry[]; missed: number } {
  const entries = frames.filter((frame): frame is LogEntry => !isMissed(frame));
  const notices = frames.filter(isMissed);
  return { entries, missed: notices.reduce((sum, { missed }) => sum + missed, 0) };
}

/** A curl that writes what it follows to a file; held still, it reads nothing. */
export class CurlFollower implements Disposable {
  readonly #child: Bun.Subprocess;
  readonly #file: string;

  static async start(korun: Korun, id: string, query: string): Promise<CurlFollower> {
    const file = join(korun.root, `curl-${crypto.randomUUID()}`);
    const url = `${await korun.url()}/v1/sessions/${id}/logs?follow=1&${query}`;
    return new CurlFollower(["curl", "-sN", "--noproxy", "*", "-o", file, url], file);
  }

  private constructor(command: string[], file: string) {
    this.#file = file;
    this.#child = Bun.spawn(command, { stdin: "ignore", stdout: "ignore", stderr: "ignore" });
  }

  /** Resolves when the answer has ended. */
  get exited(): Promise<number> {
    return this.#child.exited;
  }

  received(): string {
    return readFileSync(this.#file, "utf8");
  }

  async untilReceived(text: string): Promise<void> {
    await waitFor(`curl to get ${text}`, () => this.received().includes(text));
  }

  holdStill(): void {
    this.#child.kill("SIGSTOP");
  }

  goOn(): void {
    this.#child.kill("SIGCONT");
  }

  [Symbol.dispose](): void {
    this.#child.kill("SIGKILL");
  }
}

async function* linesOf(response: Response): AsyncGenerator<string> {
  let rest = "";
  const text = (response.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream());
  for await (const part of text) {
    const lines = (rest + part).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") yield rest;
}
