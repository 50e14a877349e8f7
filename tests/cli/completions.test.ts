import { describe, expect, test } from "bun:test";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { environment, korun } from "./support/cli.ts";
import { always, FakeDaemon, session } from "./support/fake-daemon.ts";

const sessions = always({
  sessions: [
    session({ id: "007353ec-7339-4fc8-93c2-db7037259565", name: null, state: "exited" }),
    session({ id: "9b2d6c33-8b13-4c51-8cd0-8de7d8f4ef01", name: "web" }),
    session({ id: "b625f70f-7339-4fc8-93c2-db7037259565", name: "worker-1" }),
  ],
});

/** The scripts call `korun`, as a user has it on PATH. */
function putOnPath(daemon: FakeDaemon): void {
  const program = join(daemon.home, "korun");
  const entry = join(import.meta.dir, "../../index.ts");
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${entry}' "$@"\n`);
  chmodSync(program, 0o755);
}

/** What bash offers for the last of these words. */
async function offered(daemon: FakeDaemon, ...words: string[]): Promise<string[]> {
  putOnPath(daemon);
  const script = `set -u
eval "$(korun completions bash)"
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_korun
printf '%s\\n' "\${COMPREPLY[@]+"\${COMPREPLY[@]}"}"`;
  const env = environment(daemon, { PATH: `${daemon.home}:${process.env.PATH}` });
  const shell = Bun.spawn(["bash", "-c", script, "bash", ...words], {
    env,
    cwd: daemon.home,
    stdout: "pipe",
    stderr: "pipe",
  });
  expect(await new Response(shell.stderr).text()).toBe("");
  return (await new Response(shell.stdout).text()).split("\n").filter((word) => word !== "");
}

describe("bash offers", () => {
  test.each([
    ["commands", ["korun", "ser"], ["serve"]],
    ["the daemon's commands", ["korun", "daemon", "st"], ["start", "stop", "status"]],
    ["flags", ["korun", "serve", "--g"], ["--grace"]],
    ["flags of a nested command", ["korun", "daemon", "stop", "--no"], ["--no-wait"]],
    ["the choices of a flag", ["korun", "tail", "--stream", "std"], ["stdout", "stderr"]],
    ["the choices of a word", ["korun", "completions", "z"], ["zsh"]],
    ["sessions by name", ["korun", "stop", "w"], ["web", "worker-1"]],
    ["sessions by id", ["korun", "inspect", "9b"], ["9b2d6c33"]],
    ["one session for each, those that run first", ["korun", "tail", "-f", ""], undefined],
    ["folders", ["korun", "serve", "--cwd", "/et"], ["/etc"]],
    ["nothing for what only the user knows", ["korun", "serve", "--name", ""], []],
    ["a choice behind =", ["korun", "logs", "--stream", "=", "std"], ["stdout", "stderr"]],
    ["every choice behind =", ["korun", "logs", "--stream", "="], ["blended", "stdout", "stderr"]],
    [
      "a choice behind = in one word",
      ["korun", "logs", "--stream=std"],
      ["--stream=stdout", "--stream=stderr"],
    ],
    ["folders behind =", ["korun", "serve", "--cwd", "=", "/et"], ["/etc"]],
    ["flags without a command", ["korun", "--"], ["--help", "--version"]],
    ["no flag of korun itself", ["korun", "daemon", "run", "--"], ["--help"]],
    ["no command of korun itself", ["korun", "daemon", "k"], []],
    ["commands to describe", ["korun", "schema", "da"], ["daemon"]],
    [
      "the daemon's commands to describe",
      ["korun", "schema", "daemon", "sta"],
      ["start", "status"],
    ],
    ["a session to send to", ["korun", "send", "--timeout", "5s", "we"], ["web"]],
    ["no session as a text", ["korun", "send", "--eof", "web", "we"], []],
    ["no session after the only one", ["korun", "inspect", "web", "we"], []],
    ["several sessions", ["korun", "stop", "web", "wo"], ["worker-1"]],
    ["commands to run after --", ["korun", "serve", "--", "moun"], undefined],
  ])("%s", async (_, words, expected) => {
    await using daemon = new FakeDaemon({ "GET /v1/sessions": sessions });
    const shown = await offered(daemon, ...words);
    if (expected !== undefined) expect(shown).toEqual(expected);
    else if (words.includes("--")) expect(shown).toContain("mount");
    else expect(shown.slice(0, 3)).toEqual(["web", "worker-1", "007353ec"]);
  });

  test("no session where no daemon runs, and says nothing", async () => {
    await using daemon = new FakeDaemon();
    expect(await offered(daemon, "korun", "stop", "w")).toEqual([]);
  });
});

/** What fish offers at the end of this line. */
async function offeredByFish(daemon: FakeDaemon, line: string): Promise<string[]> {
  const script = "korun completions fish | source; complete -C $argv[1]";
  const shell = Bun.spawn(["fish", "--no-config", "-c", script, line], {
    env: environment(daemon, { PATH: `${daemon.home}:${process.env.PATH}`, HOME: daemon.home }),
    cwd: daemon.home,
    stdout: "pipe",
  });
  const lines = (await new Response(shell.stdout).text()).split("\n");
  return lines.map((one) => one.split("\t")[0] ?? "").filter((word) => word !== "");
}

describe.skipIf(Bun.which("fish") === null)("fish offers", () => {
  test.each([
    ["no command of korun itself", "korun daemon k", []],
    ["flags without a command", "korun --", ["--help", "--version"]],
    ["a choice behind =", "korun logs --stream=std", ["--stream=stderr", "--stream=stdout"]],
    ["commands to describe", "korun schema dae", ["daemon"]],
    ["the daemon's commands to describe", "korun schema daemon sta", ["start", "status"]],
    ["a session to send to", "korun send --timeout 5s we", ["web"]],
    ["no session as a text", "korun send --eof web we", []],
    ["several sessions", "korun stop web wo", ["worker-1"]],
  ])("%s", async (_, line, expected) => {
    await using daemon = new FakeDaemon({ "GET /v1/sessions": sessions });
    putOnPath(daemon);
    expect(await offeredByFish(daemon, line)).toEqual(expected);
  });
});

/** What the screen of zsh shows after Tab Tab at the end of this line. */
async function offeredByZsh(daemon: FakeDaemon, line: string): Promise<string> {
  const script = `
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'LISTMAX=1000; stty -echo columns 300; autoload -U compinit; compinit -D -u'
zpty -w shell 'eval "$(korun completions zsh)"; PS1=IT""READS'
zpty -r -m shell out '*ITREADS*'
zpty -w -n shell "$1"$'\t\t'
zpty -w -n shell $'\\x15'
zpty -w shell 'print D""ONE'
zpty -r -m shell out '*DONE*' && print -r -- "$out"
zpty -d shell`;
  const shell = Bun.spawn(["zsh", "-f", "-c", script, "zsh", line], {
    env: environment(daemon, { PATH: `${daemon.home}:${process.env.PATH}`, TERM: "dumb" }),
    cwd: daemon.home,
    stdout: "pipe",
  });
  return Bun.stripANSI(await new Response(shell.stdout).text());
}

describe.skipIf(Bun.which("zsh") === null)("zsh offers", () => {
  test.each([
    ["no command of korun itself", "korun daemon ", "upgrade", "keep"],
    ["commands to describe", "korun schema dae", "daemon", "web"],
    ["no session as a text", "korun send web ", "korun send web", "worker"],
    ["no session as a port", "korun ports ", "korun ports", "web"],
    ["a choice behind =", "korun logs --stream=std", "stderr", "blended"],
    ["the help of a flag as it is written", "korun serve --rest", "fixed:1s or expo", "fixed;1s"],
    ["brackets too", "korun attach -", "(default: ctrl-])", "ctrl-)"],
  ])("%s", async (_, line, expected, unexpected) => {
    await using daemon = new FakeDaemon({ "GET /v1/sessions": sessions });
    putOnPath(daemon);
    const shown = await offeredByZsh(daemon, line);
    expect(shown).toContain(expected);
    expect(shown).not.toContain(unexpected);
  });
});

test("sessions are described after a tab, safe to show", async () => {
  const evil = session({ name: "web", command: ["\x1b[2J"] });
  await using daemon = new FakeDaemon({ "GET /v1/sessions": always({ sessions: [evil] }) });
  expect(await korun(daemon, ["__complete", "sessions", ""])).toEqual({
    code: 0,
    stdout: "web\trunning  $'\\x1b[2J'\n",
    stderr: "",
  });
});

test.each(["bash", "zsh", "fish"])(
  "the script for %s has every command and flag",
  async (shell) => {
    await using daemon = new FakeDaemon();
    const { code, stdout } = await korun(daemon, ["completions", shell]);
    expect(code).toBe(0);
    for (const word of [
      "serve",
      "inspect",
      "daemon",
      "status",
      "since-seq",
      "no-wait",
      "debounce",
    ]) {
      expect(stdout).toContain(word);
    }
    expect(stdout).toContain("korun __complete sessions");
    // Only the scripts ask it.
    expect(stdout).not.toMatch(/['" ]__complete['" ](?!sessions)/);
  },
);

test.each(["bash", "zsh", "fish"])(
  "%s, where it is installed, can read its script",
  async (shell) => {
    if (Bun.which(shell) === null) return;
    await using daemon = new FakeDaemon();
    const { stdout } = await korun(daemon, ["completions", shell]);
    const file = join(daemon.home, "script");
    writeFileSync(file, stdout);
    const check = Bun.spawn([shell, "-n", file], { stderr: "pipe" });
    expect(await new Response(check.stderr).text()).toBe("");
    expect(await check.exited).toBe(0);
  },
);
