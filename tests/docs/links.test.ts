// Whatever a document points to is there: other documents, their headings, and files of this house.

import { expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { ROOT, readDocument } from "./support/markdown.ts";

const DOCUMENTS = [
  ...["README.md", "CHANGELOG.md"],
  ...readdirSync(join(ROOT, "docs")).map((name) => `docs/${name}`),
];

test.each(DOCUMENTS)("every link of %s leads somewhere", (path) => {
  const text = prose(readDocument(path));
  for (const [, target = ""] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^https?:/.test(target)) continue;
    const [file = "", heading] = target.split("#");
    const linked = file === "" ? path : join(dirname(path), file);
    expect([path, target, existsSync(join(ROOT, linked))]).toEqual([path, target, true]);
    if (heading === undefined) continue;
    expect([path, target, headings(linked)]).toEqual([
      path,
      target,
      expect.arrayContaining([heading]) as unknown as string[],
    ]);
  }
});

test("every file that docs/architecture.md names is there", () => {
  const text = readDocument("docs/architecture.md");
  const named = [...text.matchAll(/`((?:src|tests|scripts|docs)\/[\w./-]+)`/g)];
  expect(named.length).toBeGreaterThan(30);
  for (const [, path = ""] of named) {
    expect([path, existsSync(join(ROOT, path))]).toEqual([path, true]);
  }
});

function headings(path: string): string[] {
  const lines = readDocument(path).matchAll(/^#+ (.*)$/gm);
  return [...lines].map(([, title = ""]) =>
    title
      .toLowerCase()
      .replace(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );
}

/** Without its examples. */
function prose(text: string): string {
  return text.replace(/^```.*?^```$/gms, "").replace(/`[^`\n]*`/g, "");
}
