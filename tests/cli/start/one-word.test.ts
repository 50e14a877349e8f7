import { describe, expect, test } from "bun:test";
import { remedyFor } from "../../../src/cli/start/one-word.ts";

describe("a command that is no program is told how to write", () => {
  test.each([
    [["sleep 1000"], "It is one word: write -- sleep 1000, or -- sh -c 'sleep 1000'"],
    [["npm run dev && ls"], "It is one word, for a shell: -- sh -c 'npm run dev && ls'"],
    [["echo $HOME"], "It is one word, for a shell: -- sh -c 'echo $HOME'"],
    [["FOO=bar", "sleep", "1"], "A variable goes before the command: -e FOO=bar -- sleep 1"],
    [["FOO=bar"], "A variable goes before the command: -e FOO=bar -- COMMAND"],
    [["cd", "src"], "cd is a command of shells, no program: say --cwd src, or -- sh -c 'cd src'"],
    [["export", "A=b"], "export is a command of shells, no program: -- sh -c 'export A=b'"],
  ])("%j", (command, remedy) => {
    expect(remedyFor(command)).toBe(remedy);
  });
});

test.each([[["no-such-program"]], [["sleep 1000", "5"]], [["./bin/server", "a b"]], [[""]]])(
  "%j may be a program that is not there",
  (command) => {
    expect(remedyFor(command)).toBeUndefined();
  },
);
