import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { findImports, findViolations } from "./support/house.ts";

const root = join(import.meta.dir, "..");

test("the source keeps the rules of the house", () => {
  const paths = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .map((path) => `src/${path}`);
  const sources = [...paths, "index.ts"].map(
    (path) => [path, readFileSync(join(root, path), "utf8")] as const,
  );
  expect(paths.length).toBeGreaterThan(50);
  expect(findViolations(new Map(sources))).toEqual([]);
});

describe("an import is seen", () => {
  test.each([
    ["of values", `import { a } from "../domain/a.ts";`],
    ["of types", `import type { A } from "../domain/a.ts";`],
    ["over several lines", `import {\n  a,\n  type B,\n} from "../domain/a.ts";`],
    ["for its effects", `import "../domain/a.ts";`],
    ["of everything", `import * as a from "../domain/a.ts";`],
    ["with an attribute", `import a from "../domain/a.ts" with { type: "text" };`],
    ["made when needed", `function f() {\n  return import("../domain/a.ts");\n}`],
    ["of a type in place", `let a: import("../domain/a.ts").A;`],
    ["passed on", `export { a } from "../domain/a.ts";`],
    ["passed on as a type", `export type * from "../domain/a.ts";`],
  ])("%s", (_, text) => {
    expect(findImports("src/logs/b.ts", text).map(({ to }) => to)).toEqual(["src/domain/a.ts"]);
  });

  test("but not in a comment or in a string", () => {
    const text = `// import("./a.ts")\n/*\n * import("./b.ts")\n */\nconst x = 'from "./c.ts"';\n`;
    expect(findImports("src/logs/d.ts", text)).toEqual([]);
  });

  test("at its line", () => {
    const text = `// story\n\nimport { a } from "./a.ts";\nimport { b } from "./b.ts";\n`;
    expect(findImports("src/logs/d.ts", text).map(({ line }) => line)).toEqual([3, 4]);
  });
});

describe("a broken rule is named with its file and line", () => {
  test.each([
    [
      "importing upward",
      { "src/process/a.ts": `\nimport type { B } from "../http/b.ts";` },
      "src/process/a.ts:2: src/process lies below src/http and does not import it",
    ],
    [
      "importing upward among neighbours",
      { "src/capture/a.ts": `import { b } from "../process/b.ts";` },
      "src/capture/a.ts:1: src/capture lies below src/process and does not import it",
    ],
    [
      "the contract knowing the machine",
      { "src/api/a.ts": `import { b } from "../process/b.ts";` },
      "src/api/a.ts:1: src/api is pure and does not import src/process",
    ],
    [
      "FFI outside native",
      { "src/process/a.ts": `import { dlopen } from "bun:ffi";` },
      "src/process/a.ts:1: only src/native imports bun:ffi",
    ],
    [
      "files in a pure folder",
      { "src/logs/a.ts": `import { readFileSync } from "node:fs";` },
      "src/logs/a.ts:1: src/logs is pure, node:fs is not",
    ],
    [
      "the world in the domain",
      { "src/domain/a.ts": `import { spawn } from "child_process";` },
      "src/domain/a.ts:1: src/domain is pure, child_process is not",
    ],
    [
      "an entry that does things itself",
      { "index.ts": `import { a } from "./src/daemon/run.ts";` },
      "index.ts:1: index.ts imports only src/cli, not src/daemon/run.ts",
    ],
    [
      "a barrel",
      { "src/logs/index.ts": "" },
      "src/logs/index.ts:1: no barrels: name a file for what it has",
    ],
    [
      "passing on",
      { "src/logs/a.ts": `export { b } from "./b.ts";` },
      "src/logs/a.ts:1: passes on src/logs/b.ts; import it where it is used",
    ],
    [
      "a drawer for everything",
      { "src/http/utils/a.ts": "" },
      "src/http/utils/a.ts:1: no utils: name what it is",
    ],
    [
      "a new folder",
      { "src/misc/a.ts": "" },
      "src/misc/a.ts:1: src/misc is no folder of the house",
    ],
    [
      "a file beside the folders",
      { "src/a.ts": "" },
      "src/a.ts:1: src/a.ts is no folder of the house",
    ],
    [
      "too long a file",
      { "src/logs/a.ts": "//\n".repeat(301) },
      "src/logs/a.ts:1: 301 lines; is a wall missing? (at most 300)",
    ],
    [
      "a circle",
      {
        "src/logs/a.ts": `import { b } from "./b.ts";`,
        "src/logs/b.ts": `import type { c } from "./c.ts";`,
        "src/logs/c.ts": `\nimport("./a.ts");`,
      },
      "src/logs/c.ts:2: imports in a circle: src/logs/a.ts → src/logs/b.ts → src/logs/c.ts → src/logs/a.ts",
    ],
  ])("%s", (_, sources, violation) => {
    expect(findViolations(new Map(Object.entries(sources)))).toEqual([violation as never]);
  });
});

test("what the house allows breaks no rule", () => {
  const sources = {
    "index.ts": `import { main } from "./src/cli/main.ts";`,
    "src/native/a.ts": `import { dlopen } from "bun:ffi";\nimport { P } from "../domain/p.ts";`,
    "src/cli/main.ts": `import { x } from "../client/x.ts";\nimport { defineCommand } from "citty";`,
    "src/process/a.ts": `import { readFileSync } from "node:fs";\nimport { b } from "../native/a.ts";`,
    "src/api/a.ts": `import * as v from "valibot";\nimport { d } from "../domain/d.ts";`,
  };
  expect(findViolations(new Map(Object.entries(sources)))).toEqual([]);
});
