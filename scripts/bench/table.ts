// The table, for a terminal and for docs/benchmarks.md.

import { isKept, type Limit, type PeerFigure, type Result, type Unit } from "./bench.ts";
import type { FoundPeer } from "./peers/peer.ts";

/** What a run of the benchmark found. */
export interface Report {
  readonly results: readonly Result[];
  readonly found: readonly FoundPeer[];
  readonly absent: readonly string[];
  readonly machine: string;
}

const TITLES = ["what", "korun", "against", "ratio", "wanted", ""];

/** Columns of text; below each row the peers, where there are some. */
export function renderTable(results: readonly Result[]): string {
  const rows = [TITLES, ...results.map(cellsOf)];
  const widths = TITLES.map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]) =>
    `${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")}`.trimEnd();
  const below = ({ peers, unit }: Result) =>
    peers.length === 0 ? [] : [`    ${peers.map((peer) => peerText(peer, unit)).join(", ")}`];
  const lines = results.flatMap((result) => [line(cellsOf(result)), ...below(result)]);
  return `${[line(TITLES), ...lines].join("\n")}\n`;
}

/** The same as Markdown, with the peers in a column. */
export function renderMarkdown(results: readonly Result[]): string {
  const row = (cells: readonly string[]) => `| ${cells.map(escapePipes).join(" | ")} |`;
  const titles = [...TITLES.slice(0, 5), "kept", "peers"];
  const lines = results.map((result) =>
    row([
      ...cellsOf(result),
      result.peers.map((peer) => peerText(peer, result.unit)).join(", ") || "–",
    ]),
  );
  return `${[row(titles), row(titles.map(() => "---")), ...lines].join("\n")}\n`;
}

/** Which peers were measured and which were not there. */
export function renderPeers({ found, absent }: Pick<Report, "found" | "absent">): string {
  const named = found.map(({ peer, version }) => `${peer.name} ${version}`.trimEnd());
  return `Peers: ${named.join(", ") || "none"}.\nAbsent: ${absent.join(", ") || "none"}.`;
}

function cellsOf(result: Result): string[] {
  const { what, ours, unit, against, limit } = result;
  return [
    what,
    figureText(ours, unit),
    `${figureText(against.figure, unit)} (${against.what})`,
    against.figure === 0 ? "–" : `${rounded(ours / against.figure)} ×`,
    limitText(limit, unit),
    isKept(result) ? "yes" : "MISSED",
  ];
}

function limitText(limit: Limit, unit: Unit): string {
  if (limit.kind === "under") return `under ${limit.value} ${unit}`;
  return `${limit.kind === "atLeast" ? "at least" : "within"} ${limit.times} ×`;
}

function peerText({ name, figure }: PeerFigure, unit: Unit): string {
  return `${name} ${typeof figure === "number" ? figureText(figure, unit) : figure}`;
}

function figureText(figure: number, unit: Unit): string {
  return `${rounded(figure)} ${unit}`;
}

/** Three digits that count. */
function rounded(figure: number): string {
  if (Math.abs(figure) >= 100) return figure.toFixed(0);
  return figure.toFixed(Math.abs(figure) >= 10 ? 1 : 2);
}

function escapePipes(cell: string): string {
  return cell.replaceAll("|", "\\|");
}
