import { describe, expect, test } from "bun:test";
import { cutAtDashes, parseLine } from "../../../src/cli/line/argv.ts";
import { COUNT } from "../../../src/cli/line/forms.ts";
import { type Command, defineCommand } from "../../../src/cli/line/signature.ts";
import { Problem } from "../../../src/domain/problem.ts";

const show = defineCommand({
  name: "show",
  about: "",
  flags: {
    follow: { kind: "switch", short: "f", about: "" },
    limit: { kind: "value", short: "n", value: "N", form: COUNT, about: "" },
    tag: { kind: "list", short: "t", value: "TAG", about: "" },
    stream: { kind: "choice", choices: ["out", "err"], about: "" },
    "no-wait": { kind: "switch", about: "" },
  },
  words: { name: "ID", about: "", least: 0, most: 1 },
  examples: [],
  run: async () => 0,
});

const start = defineCommand({
  name: "start",
  about: "",
  flags: { name: { kind: "value", value: "NAME", about: "" } },
  takesCommand: true,
  examples: [],
  run: async () => 0,
});

const find = defineCommand({
  name: "find",
  about: "",
  flags: {},
  words: { name: "ID", about: "", least: 2, most: 2, followedBy: { name: "TEXT", about: "" } },
  examples: [],
  run: async () => 0,
});

function parse(command: Command, ...argv: string[]) {
  return parseLine(command, cutAtDashes(argv));
}

function refusalOf(command: Command, ...argv: string[]): Problem {
  try {
    parse(command, ...argv);
  } catch (thrown) {
    if (thrown instanceof Problem) return thrown;
    throw thrown;
  }
  throw new Error(`${argv.join(" ")} was taken`);
}

test("flags that were not given are false, undefined or empty", () => {
  expect(parse(show)).toEqual({
    flags: { follow: false, limit: undefined, tag: [], stream: undefined, "no-wait": false },
    words: [],
    command: [],
  });
});

describe("a value may be written", () => {
  test.each([
    ["after its flag", ["--limit", "5"]],
    ["after an equals sign", ["--limit=5"]],
    ["after a short flag", ["-n", "5"]],
    ["attached to a short flag", ["-n5"]],
    ["attached to a cluster", ["-fn5"]],
    ["after a cluster", ["-fn", "5"]],
    ["twice, the last one counting", ["-n1", "-n5"]],
  ])("%s", (_, argv) => {
    expect(parse(show, ...argv).flags.limit).toBe("5");
  });
});

test("a repeated flag keeps every value in order, empty and odd ones too", () => {
  expect(parse(show, "-t", "a", "--tag=b=c", "-td", "--tag=", "--tag=--x").flags.tag).toEqual([
    "a",
    "b=c",
    "d",
    "",
    "--x",
  ]);
});

test("flags and words may stand in any order", () => {
  expect(parse(show, "-f", "web", "-n", "5")).toMatchObject({
    flags: { follow: true, limit: "5" },
    words: ["web"],
  });
});

test("a lone dash is a word and a value", () => {
  expect(parse(show, "-").words).toEqual(["-"]);
  expect(parse(show, "-t", "-").flags.tag).toEqual(["-"]);
});

test("what follows -- is untouched, whatever it looks like", () => {
  const line = parse(start, "--name", "web", "--", "node", "--help", "--", "-x", "--name=y", "");
  expect(line.flags.name).toBe("web");
  expect(line.command).toEqual(["node", "--help", "--", "-x", "--name=y", ""]);
});

test("what follows -- is words for a command that runs nothing", () => {
  expect(parse(show, "-f", "--", "-web").words).toEqual(["-web"]);
});

describe("it is refused, with the remedy:", () => {
  test.each([
    [
      "an unknown flag, naming the closest",
      ["--folow"],
      "no flag --folow",
      "Did you mean --follow?",
    ],
    ["the start of a flag", ["--lim=5"], "no flag --lim", "Did you mean --limit?"],
    ["a flag that is like nothing", ["--zzzzzz"], "no flag --zzzzzz", "See `korun show --help`."],
    ["an unknown short flag in a cluster", ["-fx"], "no flag -x", "See `korun show --help`."],
    ["a property of every object", ["--constructor"], "no flag --constructor", undefined],
    ["a missing value", ["--limit"], "--limit needs a value", "See `korun show --help`."],
    ["a flag in place of a value", ["-t", "-f"], "-f looks like a flag", "write -t-f"],
    ["a flag in place of a number", ["-n", "-f"], "-f looks like", "Wanted a non-negative integer"],
    ["a number below zero", ["-n", "-5"], '-n is "-5"; wanted a non-negative integer', undefined],
    ["a value for a switch", ["--follow=1"], "--follow takes no value", undefined],
    [
      "a value of the wrong form",
      ["-n", "x"],
      '-n is "x"; wanted a non-negative integer',
      undefined,
    ],
    ["a choice that is none", ["--stream=both"], "wanted one of out, err", undefined],
    ["one word too many", ["a", "b"], 'does not take "b"', undefined],
  ])("%s", (_, argv, message, hint) => {
    const problem = refusalOf(show, ...argv);
    expect(problem.code).toBe("bad_request");
    expect(problem.message).toContain(message);
    if (hint !== undefined) expect(problem.hint).toContain(hint);
  });

  test.each([
    ["no command", [], "needs a command to run", "korun start -- COMMAND"],
    ["nothing after --", ["--"], "no command after `--`", "korun start -- COMMAND"],
    ["a command without --", ["node", "a.js"], "after `--`", "Write: korun start -- node a.js"],
    [
      "a command without --, keeping the flags",
      ["--name", "web", "npm", "start"],
      "after `--`",
      "Write: korun start --name web -- npm start",
    ],
    [
      "a command without --, that has flags of its own",
      ["npm", "run", "dev", "--port", "3000"],
      "after `--`",
      "Write: korun start -- npm run dev --port 3000",
    ],
    [
      "a command without --, that needs quotes",
      ["sh", "-c", 'echo "$HOME"'],
      "after `--`",
      "Write: korun start -- sh -c 'echo \"$HOME\"'",
    ],
    [
      "a command that has a -- of its own",
      ["npm", "run", "dev", "--", "--port", "3000"],
      "after `--`",
      "Write: korun start -- npm run dev -- --port 3000",
    ],
    ["a name before --", ["web", "--", "node"], "before `--`", "start --name web -- node"],
    ["a command that is empty", ["--", ""], "is empty", "unset"],
    ["a flag of the command before --", ["--inspect", "--", "node"], "no flag", "come after `--`"],
  ])("%s", (_, argv, message, hint) => {
    const problem = refusalOf(start, ...argv);
    expect(problem.message).toContain(message);
    expect(problem.hint).toContain(hint);
  });
});

test("of several words, those that are missing are named", () => {
  expect(refusalOf(find).message).toBe("`korun find` needs an ID and a TEXT");
  expect(refusalOf(find, "web").message).toBe("`korun find` needs a TEXT");
});
