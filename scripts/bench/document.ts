// Keeps the results in docs/benchmarks.md, between the two marks that it has for them.

import { join } from "node:path";
import { type Report, renderMarkdown, renderPeers } from "./table.ts";

const FILE = join(import.meta.dir, "../../docs/benchmarks.md");
const BEGIN = "<!-- results: written by `npm run bench -- --write` -->";
const END = "<!-- end of results -->";

/** Throws when the document has lost its marks. */
export async function writeDocument(report: Report): Promise<void> {
  const text = await Bun.file(FILE).text();
  const [before, rest] = split(text, BEGIN);
  const [, after] = split(rest, END);
  const results = [`On ${report.machine}:`, renderMarkdown(report.results), renderPeers(report)];
  await Bun.write(FILE, `${before}${BEGIN}\n\n${results.join("\n\n")}\n\n${END}${after}`);
}

function split(text: string, mark: string): [before: string, after: string] {
  const at = text.indexOf(mark);
  if (at < 0) throw new Error(`${FILE} has no line ${mark}`);
  return [text.slice(0, at), text.slice(at + mark.length)];
}
