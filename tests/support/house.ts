// The rules of the house, as functions over source text: which folder may import which, and what
// no file may do. See docs/architecture.md for the reasons.

/** From the top down: a file imports from its own folder and from those after it, never before. */
const FOLDERS = [
  "cli",
  "client",
  "daemon",
  "keeper",
  "http",
  "api",
  "store",
  "supervisor",
  "probes",
  "process",
  "capture",
  "terminal",
  "watch",
  "logs",
  "domain",
  "native",
] as const;

/** Folders that only compute: what they may import from beside their own. */
const PURE: Readonly<Record<string, readonly string[]>> = {
  api: ["domain"],
  domain: [],
  logs: ["domain"],
};

/** Modules that reach the world outside the process. */
const IMPURE_MODULE =
  /^(?:node:)?(?:fs|net|http|https|child_process|worker_threads|dgram|os)(?:\/|$)|^bun(?::|$)/;

const MOST_LINES = 300;

/** A broken rule: where, and which. */
export type Violation = `${string}:${number}: ${string}`;

/** Source text by path from the checkout's root, such as `src/logs/text.ts`. */
export type Sources = ReadonlyMap<string, string>;

/** Every broken rule in `index.ts` and `src`. */
export function findViolations(sources: Sources): Violation[] {
  const imports = [...sources].flatMap(([path, text]) => findImports(path, text));
  return [
    ...imports.flatMap(checkImport),
    ...[...sources].flatMap(([path, text]) => checkFile(path, text)),
    ...findCycles(imports),
  ];
}

/** One import, of a value or a type, static, dynamic or passed on. */
export interface Import {
  readonly from: string;
  readonly line: number;
  /** As written, or from the checkout's root when it is a file of ours. */
  readonly to: string;
  readonly isReexport: boolean;
}

// Formatted code has its import and export statements at the start of a line.
const STATEMENT = /^(import|export)\b(?:[^"'`;=()]*?\bfrom)?\s*["']([^"'\n]+)["']/gm;
const DYNAMIC = /\bimport\(\s*["']([^"'\n]+)["']/g;
const COMMENT = /^\s*(?:\/\/|\/?\*)/;

/** Every import of a file; those in comments are none. */
export function findImports(path: string, text: string): Import[] {
  const found = [
    ...[...text.matchAll(STATEMENT)].map((match) => ({ match, to: match[2] ?? "" })),
    ...[...text.matchAll(DYNAMIC)].map((match) => ({ match, to: match[1] ?? "" })),
  ];
  return found
    .filter(({ match }) => !COMMENT.test(lineAround(text, match.index)))
    .map(({ match, to }) => ({
      from: path,
      line: text.slice(0, match.index).split("\n").length,
      to: resolveImport(path, to),
      isReexport: match[1] === "export",
    }));
}

function lineAround(text: string, index: number): string {
  const start = text.lastIndexOf("\n", index - 1) + 1;
  return text.slice(start, index);
}

function resolveImport(from: string, to: string): string {
  if (!to.startsWith(".")) return to;
  return new URL(to, `file:///${from}`).pathname.slice(1);
}

function checkImport(found: Import): Violation[] {
  const rule = brokenRule(found);
  return rule === undefined ? [] : [`${found.from}:${found.line}: ${rule}`];
}

function brokenRule({ from, to, isReexport }: Import): string | undefined {
  const [source, target] = [folderOf(from), folderOf(to)];
  if (isReexport) return `passes on ${to}; import it where it is used`;
  if (to === "bun:ffi" && source !== "native") return "only src/native imports bun:ffi";
  if (from === "index.ts") {
    return target === "cli" ? undefined : `index.ts imports only src/cli, not ${to}`;
  }
  if (source === undefined) return undefined;
  const pure = PURE[source];
  if (pure !== undefined && IMPURE_MODULE.test(to)) return `src/${source} is pure, ${to} is not`;
  if (target === undefined || target === source || target === "domain") return undefined;
  if (pure !== undefined && !pure.includes(target)) {
    return `src/${source} is pure and does not import src/${target}`;
  }
  if (rank(target) > rank(source)) return undefined;
  return `src/${source} lies below src/${target} and does not import it`;
}

function checkFile(path: string, text: string): Violation[] {
  const lines = text.trimEnd().split("\n").length;
  const folder = folderOf(path);
  const parts = path.split("/");
  const rules: [boolean, string][] = [
    [lines > MOST_LINES, `${lines} lines; is a wall missing? (at most ${MOST_LINES})`],
    [path !== "index.ts" && parts.at(-1) === "index.ts", "no barrels: name a file for what it has"],
    [parts.some((part) => /^(utils?|helpers?)(\.ts)?$/.test(part)), "no utils: name what it is"],
    [path !== "index.ts" && !isKnown(folder), `src/${folder} is no folder of the house`],
  ];
  return rules.flatMap(([broken, rule]) => (broken ? [`${path}:1: ${rule}` as const] : []));
}

/** Each cycle once, at the import that closes it. */
function findCycles(imports: readonly Import[]): Violation[] {
  const edges = Map.groupBy(imports, ({ from }) => from);
  const done = new Set<string>();
  const violations: Violation[] = [];

  function visit(path: string, trail: readonly string[]): void {
    for (const { line, to } of edges.get(path) ?? []) {
      const start = trail.indexOf(to);
      if (start !== -1) {
        const cycle = [...trail.slice(start), to].join(" → ");
        violations.push(`${path}:${line}: imports in a circle: ${cycle}`);
      } else if (!done.has(to)) {
        visit(to, [...trail, to]);
      }
    }
    done.add(path);
  }

  for (const path of edges.keys()) if (!done.has(path)) visit(path, [path]);
  return violations;
}

function folderOf(path: string): string | undefined {
  return /^src\/([^/]+)/.exec(path)?.[1];
}

function isKnown(folder: string | undefined): boolean {
  return (FOLDERS as readonly (string | undefined)[]).includes(folder);
}

function rank(folder: string): number {
  return (FOLDERS as readonly string[]).indexOf(folder);
}
