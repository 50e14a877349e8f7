// Log entries as lines of text for people: with times, with the session's name, with the stream.
// Fragments of one long line are joined again, as long as nothing comes between them. Pure.

import type { FollowFrame } from "../../api/log-replies.ts";
import type { OutputStream } from "../../domain/session.ts";
import { missedLine } from "../../logs/text.ts";
import type { Paint, Style } from "../show/style.ts";
import type { GapTeller } from "./gaps.ts";

export interface LinePrinterOptions {
  readonly times: boolean;
  /** Names the stream of each line. */
  readonly streams: boolean;
  readonly paint: Paint;
  /** Is told of lines that are missing; by default the text says so. */
  readonly gaps?: Pick<GapTeller, "add"> | undefined;
}

/** Whose lines they are; undefined: there is only one session. */
export interface LineSource {
  readonly label: string;
  readonly style: Style;
}

export class LinePrinter {
  readonly #options: LinePrinterOptions;
  /** The line that was not ended, because a fragment of it is yet to come. */
  #open: { readonly source: LineSource | undefined; readonly stream: OutputStream } | undefined;

  constructor(options: LinePrinterOptions) {
    this.#options = options;
  }

  /** The text of these frames, going on from those of the call before. */
  format(frames: readonly FollowFrame[], source?: LineSource): string {
    return frames.map((frame) => this.#one(frame, source)).join("");
  }

  #one(frame: FollowFrame, source: LineSource | undefined): string {
    if ("missed" in frame) {
      const label = this.#label(source);
      const { gaps } = this.#options;
      gaps?.add(frame.missed, label);
      return `${this.#close()}${gaps === undefined ? `${label}${missedLine(frame.missed)}` : ""}`;
    }
    const goesOn = this.#open?.source === source && this.#open?.stream === frame.stream;
    const start = goesOn ? "" : `${this.#close()}${this.#prefix(frame, source)}`;
    this.#open = frame.partial ? { source, stream: frame.stream } : undefined;
    return `${start}${frame.line}${frame.partial ? "" : "\n"}`;
  }

  #close(): string {
    const ending = this.#open === undefined ? "" : "\n";
    this.#open = undefined;
    return ending;
  }

  #prefix(frame: { ts: string; stream: OutputStream }, source: LineSource | undefined): string {
    const { times, streams, paint } = this.#options;
    const time = times ? `${paint(frame.ts, "dim")} ` : "";
    return `${time}${this.#label(source)}${streams ? `[${frame.stream}] ` : ""}`;
  }

  #label(source: LineSource | undefined): string {
    return source === undefined ? "" : `${this.#options.paint(source.label, source.style)} `;
  }
}
