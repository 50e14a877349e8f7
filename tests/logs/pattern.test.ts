import { describe, expect, test } from "bun:test";
import { compilePattern } from "../../src/logs/pattern.ts";

describe("a pattern", () => {
  test("of text is found as it is, whatever it would mean elsewhere", async () => {
    const pattern = await compilePattern({ text: "a.c(" });
    expect(pattern.find("abc( a.c(")).toEqual({ start: 5, end: 9, text: "a.c(" });
    expect(pattern.find("abc")).toBeUndefined();
    expect([pattern.test("a.c("), pattern.test("A.C(")]).toEqual([true, false]);
  });

  test("of a regular expression is found by its rules", async () => {
    const pattern = await compilePattern({ regex: "(?i)^listening on .*:(\\d+)$" });
    expect(pattern.find("Listening on localhost:3000")?.text).toBe("Listening on localhost:3000");
    expect(pattern.test("not listening on localhost:3000")).toBe(false);
    const port = await compilePattern({ regex: "\\d+" });
    expect(port.find("ü port 3000!")).toEqual({ start: 7, end: 11, text: "3000" });
  });

  test.each(["(", "a**", "[z-a]", "(?=x)", "\\1"])(
    "that is no regular expression is refused: %s",
    async (regex) => {
      const refused = compilePattern({ regex }, { field: "regex" });
      await expect(refused).rejects.toMatchObject({
        code: "bad_request",
        field: "regex",
        message: expect.stringContaining("regex is no regular expression: "),
      });
    },
  );

  test("that is empty, or too long, or too large, or of several lines is refused", async () => {
    for (const wanted of [
      { text: "" },
      { regex: "" },
      { text: "x".repeat(1_001) },
      { regex: "x{1000}".repeat(3) },
      { text: "one\ntwo" },
    ]) {
      await expect(compilePattern(wanted)).rejects.toMatchObject({ code: "bad_request" });
    }
  });

  test("that would take others for ever answers", async () => {
    const line = `${"a".repeat(65_535)}b`;
    for (const regex of ["(a+)+$", "(a|a)*c", "(.*)(.*)(.*)(.*)(.*)[^ab]", "(a?){300}[0-9]"]) {
      const pattern = await compilePattern({ regex });
      expect(pattern.test(line)).toBe(false);
      expect(pattern.find(line)).toBeUndefined();
    }
  });

  test("that is found in a line too long to say where is said to be the line", async () => {
    const line = `${"ab".repeat(4_000)}1`;
    const pattern = await compilePattern({ regex: "[a-z]{1,900}[0-9]" });
    expect(pattern.find(line)).toEqual({ start: 0, end: line.length, text: line });
  });
});
