import { expect, test } from "bun:test";
import { painter } from "../../../src/cli/show/style.ts";
import { cut, renderPairs, renderTable } from "../../../src/cli/show/table.ts";

const plain = painter(false);

function rows(...lines: string[][]) {
  return lines.map((line) => line.map((text) => ({ text })));
}

test("columns are as wide as their widest cell, and lines have no spaces at their end", () => {
  const table = renderTable(["NAME", "N"], rows(["a", "1"], ["longer", "22"]), {
    paint: plain,
    columns: undefined,
  });
  expect(table).toBe("NAME    N\na       1\nlonger  22\n");
});

test("width is what a terminal shows, not how many code units there are", () => {
  const table = renderTable(["A", "B"], rows(["漢字", "x"], ["e\u0301", "y"]), {
    paint: plain,
    columns: undefined,
  });
  expect(table).toBe("A     B\n漢字  x\ne\u0301     y\n");
});

test("lines are cut to the terminal, with an ellipsis", () => {
  const table = renderTable(["A", "B"], rows(["one", "a long command line"]), {
    paint: plain,
    columns: 10,
  });
  expect(table).toBe("A    B\none  a lo…\n");
  expect(Math.max(...table.split("\n").map((line) => Bun.stringWidth(line)))).toBe(10);
});

test("what is longest gives way first, so that the other columns stay", () => {
  const table = renderTable(
    ["NAME", "STATE", "COMMAND"],
    rows(["a-very-long-name-of-a-session", "exited(0)", "npm run a-script-with-a-long-name"]),
    { paint: plain, columns: 40 },
  );
  expect(table).toBe(
    "NAME            STATE      COMMAND\na-very-long-n…  exited(0)  npm run a-sc…\n",
  );
});

test("a firm column gives way last", () => {
  const options = { paint: plain, firm: { STATE: 9 } };
  const row = rows(["a-very-long-name", "exited(0), again in 3s", "npm run dev"]);
  const titles = ["NAME", "STATE", "COMMAND"];
  expect(renderTable(titles, row, { ...options, columns: 45 }).split("\n")[1]).toBe(
    "a-very-lo…  exited(0), again in 3s  npm run …",
  );
  expect(renderTable(titles, row, { ...options, columns: 30 }).split("\n")[1]).toBe(
    "a-very-…  exited(0)…  npm run…",
  );
});

test("where nothing can give way any more, lines are cut", () => {
  const table = renderTable(["NAME", "ID"], rows(["a-long-name", "9b2d6c33"]), {
    paint: plain,
    columns: 12,
  });
  expect(table).toBe("NAME      ID\na-long-…  9…\n");
});

test("a column of any length is narrowed at once", () => {
  const table = renderTable(["A", "B"], rows(["x".repeat(1_000_000), "y".repeat(1_000_000)]), {
    paint: plain,
    columns: 22,
  });
  expect(table).toBe(`A${" ".repeat(11)}B\n${"x".repeat(9)}…  ${"y".repeat(9)}…\n`);
});

test("a wide character that does not fit is left out whole", () => {
  expect(Bun.stringWidth(cut("漢字漢字", 6))).toBeLessThanOrEqual(6);
});

test("colour changes no width, and is closed where a line is cut", () => {
  const cells = [[{ text: "ok", style: "green" as const }, { text: "a long line of text" }]];
  const table = renderTable(["S", "T"], cells, { paint: painter(true), columns: 12 });
  const line = table.split("\n")[1] ?? "";
  expect(line).toContain("\x1b[32mok\x1b[39m");
  expect(Bun.stripANSI(line)).toBe("ok  a long …");
});

test("a table without rows is its titles", () => {
  expect(renderTable(["A", "B"], [], { paint: plain, columns: undefined })).toBe("A  B\n");
});

test("pairs stand under each other", () => {
  const pairs = [
    ["id", { text: "1" }],
    ["state", { text: "running" }],
  ] as const;
  expect(renderPairs(pairs, plain)).toBe("id     1\nstate  running\n");
});
