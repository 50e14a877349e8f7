// A session's digest as lines for a person. Pure.

import type { DigestReply } from "../../api/digesting.ts";
import { LEVELS, type Level } from "../../domain/level.ts";
import type { Paint, Style } from "./style.ts";
import { visible } from "./visible.ts";

const STYLES: Readonly<Partial<Record<Level, Style>>> = { error: "red", warn: "yellow" };

export function digestLines(digest: DigestReply, paint: Paint): string[] {
  const { errors, repeated } = digest;
  return [
    headOf(digest),
    levelsOf(digest, paint),
    ...(errors.length === 0 ? [] : ["", "last errors:"]),
    ...errors.map(({ seq, count, line }) => {
      const times = count === 1 ? "" : paint(` (${count} times)`, "dim");
      return `  ${paint(`#${seq}`, "dim")} ${visible(line)}${times}`;
    }),
    ...(repeated.length === 0 ? [] : ["", "repeated:"]),
    ...repeated.map(({ count, shape }) => `  ${String(count).padStart(6)} × ${visible(shape)}`),
  ];
}

function headOf({ run, lines, complete, stream }: DigestReply): string {
  const of = run === null ? "" : `run ${run}: `;
  const where = stream === "blended" ? "" : ` of ${stream}`;
  const gone = complete ? "" : "; what came before them is no longer held";
  return `${of}${lines} ${lines === 1 ? "line" : "lines"}${where}${gone}`;
}

function levelsOf({ levels }: DigestReply, paint: Paint): string {
  const parts = LEVELS.toReversed().flatMap((level) => {
    const { [level]: count } = levels;
    if (count === 0) return [];
    const style = STYLES[level];
    const text = `${count} ${level}`;
    return [style === undefined ? text : paint(text, style)];
  });
  return parts.length === 0 ? "no messages" : parts.join(", ");
}
