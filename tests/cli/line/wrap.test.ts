import { expect, test } from "bun:test";
import { wrapLines } from "../../../src/cli/line/wrap.ts";

const TABLE = `OPTIONS

  -h, --help    Show the help
      --since    From this entry on, rather than from the start of the newest run
`;

test("a text that fits stays as it is", () => {
  expect(wrapLines(TABLE, 100)).toBe(TABLE);
});

test("a description goes on in its own column", () => {
  expect(wrapLines(TABLE, 50)).toBe(`OPTIONS

  -h, --help    Show the help
      --since    From this entry on, rather than
                 from the start of the newest run
`);
});

test("where that is too narrow, it stands below", () => {
  expect(wrapLines(TABLE, 40)).toBe(`OPTIONS

  -h, --help    Show the help
  --since
      From this entry on, rather than
      from the start of the newest run
`);
});

test("a sentence is broken between words, and a word never", () => {
  expect(wrapLines("Wait until something stands there", 12)).toBe(
    "Wait until\nsomething\nstands there",
  );
  expect(wrapLines("korun/serve/run/ls", 8)).toBe("korun/serve/run/ls");
});
