import { expect, test } from "bun:test";
import { compileGlob, isGlob, splitGlob } from "../../src/watch/glob.ts";

const nothingExists = () => false;

test.each([
  ["src/**/*.ts", "src", "**/*.ts"],
  ["*.ts", "", "*.ts"],
  ["/abs/a/*.ts", "/abs/a", "*.ts"],
  ["/*.ts", "/", "*.ts"],
  ["../up/*/x", "../up", "*/x"],
  ["./src/{a,b}/c.ts", "./src", "{a,b}/c.ts"],
  ["{a/b,c}/*.ts", "", "{a/b,c}/*.ts"],
  ["app/\\[id\\]/*.ts", "app/[id]", "*.ts"],
])("%s begins in a directory that is certain", (pattern, base, rest) => {
  expect(splitGlob(pattern, nothingExists)).toEqual({ base, rest });
});

test("a component that exists as it is written is certain too", () => {
  const exists = (base: string) => base === "app/[id]";
  expect(splitGlob("app/[id]/[slug]/*.ts", exists)).toEqual({
    base: "app/[id]",
    rest: "[slug]/*.ts",
  });
});

test.each(["a*", "a?b", "[ab]", "{a,b}", "@(a|b)", "**"])("%s is a glob", (text) => {
  expect(isGlob(text)).toBe(true);
});

test.each(["a", "a.b", "a-b_c", "[b", "$a", "a+b"])("%s is no glob", (text) => {
  expect(isGlob(text)).toBe(false);
});

test.each([
  ["*/src/*.ts", "a", true],
  ["*/src/*.ts", "a/src", true],
  ["*/src/*.ts", "a/lib", false],
  ["*/src/*.ts", "a/src/deep", false],
  ["**/*.ts", "a/b/c", true],
  ["a/**/x.ts", "b", false],
  ["a/**/x.ts", "a/b/c", true],
  ["{a/b,c}/*.ts", "a", true],
  ["{a/b,c}/*.ts", "a/b", true],
  ["*/src", "a/src/deep/er", true],
])("%s can match in %s: %p", (pattern, directory, reaches) => {
  expect(compileGlob(pattern).reaches(directory)).toBe(reaches);
});
