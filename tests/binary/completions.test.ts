// Completions, in the shells themselves.

import { describe, expect, test } from "bun:test";
import { Korun } from "../support/korun.ts";
import { inShell, pathWithKorun } from "./support/shell.ts";
import { Terminal } from "./support/terminal.ts";

async function twoSessions(korun: Korun): Promise<void> {
  await korun.serve("exec sleep 600", ["--name", "web"]);
  await korun.serve("exec sleep 600", ["--name", "worker"]);
}

/** What bash offers for the last of these words. */
async function inBash(korun: Korun, ...words: string[]): Promise<string[]> {
  const typed = words.map((word) => `'${word}'`).join(" ");
  const script = `set -eu
    eval "$(korun completions bash)"
    COMP_WORDS=(${typed}) COMP_CWORD=${words.length - 1}
    _korun
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { code, stdout, stderr } = await inShell(korun, script, { shell: "bash" });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout.trimEnd().split("\n");
}

describe("bash offers", () => {
  test("commands, flags, their values, and sessions", async () => {
    await using korun = new Korun();
    await twoSessions(korun);
    expect(await inBash(korun, "korun", "ser")).toEqual(["serve"]);
    expect(await inBash(korun, "korun", "daemon", "sta")).toEqual(["start", "status"]);
    expect(await inBash(korun, "korun", "serve", "--deb")).toEqual(["--debounce"]);
    expect(await inBash(korun, "korun", "tail", "--stream", "std")).toEqual(["stdout", "stderr"]);
    expect(await inBash(korun, "korun", "stop", "w")).toEqual(["web", "worker"]);
    expect(await inBash(korun, "korun", "tail", "-f", "wo")).toEqual(["worker"]);
  });
});

describe("fish offers", () => {
  test.skipIf(Bun.which("fish") === null)("commands, flags and sessions", async () => {
    await using korun = new Korun();
    await twoSessions(korun);
    const script = `korun completions fish | source
      for line in 'korun ser' 'korun daemon sta' 'korun serve --deb' 'korun stop w'
        complete -C $line
      end`;
    const { stdout, stderr } = await inShell(korun, script, { shell: "fish" });
    expect(stderr).toBe("");
    const words = stdout.split("\n").map((line) => line.split("\t")[0]);
    const wanted = ["serve", "start", "status", "--debounce", "web", "worker", ""];
    expect(words).toEqual(wanted);
    expect(stdout).toContain("web\trunning  sh -c 'exec sleep 600'\n");
  });
});

describe("zsh offers", () => {
  test.skipIf(Bun.which("zsh") === null)("commands, flags and sessions at a Tab", async () => {
    await using korun = new Korun();
    await twoSessions(korun);
    const env = { PATH: pathWithKorun(korun), TERM: "dumb", PS1: "$ " };
    await using terminal = new Terminal(korun, ["zsh", "-f", "-i"], { env, columns: 120 });
    terminal.type(
      'autoload -Uz compinit; compinit -D; eval "$(korun completions zsh)"; echo rea""dy\n',
    );
    await terminal.until("ready\r\n");
    // A Tab completes what is unique; the line then runs, and shows what was completed.
    for (const [typed, shown] of [
      ["korun daemon stat\t", "url       http://"],
      ["korun inspect we\t", "name     web"],
      ["korun tail --stre\tstdout worker && echo do''ne", "done\r\n"],
    ] as const) {
      terminal.type(`${typed}\n`);
      await terminal.until(shown);
    }
    terminal.type("exit\n");
    expect(await terminal.exited).toBe(0);
  });
});

test("where no daemon runs there are no sessions to offer, and nothing is said", async () => {
  await using korun = new Korun();
  expect(await korun.run(["__complete", "sessions", "w"])).toEqual({
    code: 0,
    stdout: "",
    stderr: "",
  });
});
