// Types every command of docs/cli.md, in order and in an empty folder, against a korun of its own,
// and holds what it says of commands and flags against the help.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { pathWithKorun } from "../binary/support/shell.ts";
import { Korun } from "../support/korun.ts";
import { waitFor } from "../support/wait.ts";
import { blocksOf, commandsOf, readDocument } from "./support/markdown.ts";
import { Typist } from "./support/typist.ts";

const document = readDocument("docs/cli.md");
const korun = new Korun();
let typist: Typist;

beforeAll(() => {
  mkdirSync(join(korun.work, "empty"));
  // As fish makes it when it is first started.
  mkdirSync(join(korun.work, ".config/fish/completions"), { recursive: true });
  typist = new Typist({
    shell: "bash",
    cwd: join(korun.work, "empty"),
    env: { ...korun.env, PATH: pathWithKorun(korun) },
  });
});

afterAll(async () => {
  await typist[Symbol.asyncDispose]();
  await korun[Symbol.asyncDispose]();
});

describe("in docs/cli.md", () => {
  for (const block of blocksOf(document)) {
    // The one without a language is the overview; it is held against the help below.
    if (block.language === "") continue;
    for (const { command } of commandsOf(block)) {
      test(`line ${block.line}: ${command.split("\n")[0]}`, async () => {
        const shown = SHOWN[command] ?? /(?:)/;
        // A reader takes longer than what was started before takes to print.
        const typed = await waitFor(`${command} to show ${shown}`, async () => {
          const seen = await type(command);
          return shown.test(seen.stdout) || !onlyLooks(command) ? seen : undefined;
        });
        const { code, stdout } = typed;
        const complaints = withoutNotes(typed.stderr);
        expect({ command, code, complaints }).toEqual({ command, code: 0, complaints: "" });
        expect(stdout).toMatch(shown);
      });
    }
  }

  test("the examples name every command", async () => {
    const typed = blocksOf(document).flatMap((block) =>
      block.language === "" ? [] : [block.text],
    );
    // These two would stay, or end the daemon that the examples are for.
    const apart = ["daemon run", "daemon upgrade"];
    for (const command of await allCommands()) {
      if (!apart.includes(command)) expect(typed.join("")).toContain(`korun ${command}`);
    }
  });
});

/** What comes of those examples that say what they do. */
const SHOWN: Readonly<Record<string, RegExp>> = {
  'echo "started $ID"': /^started [0-9a-f-]{36}\n$/,
  "korun run -- sh -c 'echo to stdout; echo to stderr >&2'": /^to stdout\n$/,
  "korun run -- sh -c 'exit 3' || echo \"it exited with $?\"": /^it exited with 3\n$/,
  "korun tail -n 20 web": /^\[stdout\] hello\n$/,
  'korun head -n 1 --stream stdout "$ID"': /^hello world\n$/,
  'korun logs -t --since-seq 1 "$ID"': /^\S+Z \[stdout\] hello world\n$/,
  "timeout 1 korun logs -f || true": /^web +\[stdout\] hello$/m,
  "korun wait db": /^db is ready\n$/,
  'korun wait db --for exit --timeout 100ms 2> /dev/null || echo "it ended with $?"':
    /^it ended with 124\n$/,
  "korun expect ticker ready --timeout 10s": /^ready on port 3000\n$/,
  "korun expect ticker 'something else' --timeout 0 2> /dev/null || echo \"it ended with $?\"":
    /^it ended with 124\n$/,
  "korun digest ticker": /^run 1: 2 lines\n2 info\n$/,
  "korun run --pty -- sh -c 'test -t 1 && echo on a terminal'": /^on a terminal\n$/,
  "korun attach shell": /\r\nbye\r\n/,
  "korun restart web": /^web restarted\n$/,
  "korun daemon stop": /^the daemon stopped\n$/,
};

/** Flags that are for korun itself, or are in every help. */
const APART = ["--help", "--version"];

test("every flag of the help is in the document, and every flag of the document in a help", async () => {
  const flags = new Set<string>();
  for (const command of await allCommands()) {
    const help = await korun.ok([...command.split(" "), "--help"]);
    for (const [flag] of help.matchAll(/(?<![\w-])--[a-z][a-z-]*/g)) flags.add(flag);
  }
  const written = new Set(
    [...document.matchAll(/(?<![\w-])--[a-z][a-z-]*/g)].map(([flag]) => flag),
  );
  const listed = (found: Set<string>) => [...found].filter((flag) => !APART.includes(flag)).sort();
  expect(listed(written)).toEqual(listed(flags));
});

test("every command is in the overview", async () => {
  const overview = blocksOf(document).find(({ language }) => language === "")?.text ?? "";
  for (const command of await allCommands()) {
    for (const word of command.split(" ")) expect(overview).toMatch(new RegExp(`\\b${word}\\b`));
  }
});

/** Types a command; what belongs to another shell is typed there, if it is on this machine. */
async function type(command: string) {
  const shell = /korun completions (zsh|fish)/.exec(command)?.[1];
  if (shell !== "zsh" || Bun.which("zsh") === null) return await typist.type(command);
  return await typist.type(`zsh -fc 'autoload -Uz compinit; compinit -D; ${command}'`);
}

/** Every command of the help, such as `daemon start`. */
async function allCommands(): Promise<string[]> {
  const [first, below] = await Promise.all([korun.ok([]), korun.ok(["daemon"])]);
  const daemons = namesIn(below).map((name) => `daemon ${name}`);
  return namesIn(first).flatMap((name) => (name === "daemon" ? daemons : [name]));
}

function namesIn(help: string): string[] {
  const listed = /^COMMANDS\n\n((?: .*\n)+)/m.exec(help)?.[1] ?? "";
  // What stands further right goes on with the description of the line before.
  return [...listed.matchAll(/^ {2,}([a-z]+) {4}\S/gm)].map(([, name = ""]) => name);
}

function onlyLooks(command: string): boolean {
  return /korun (tail|head|logs|ls|inspect|why|runs|events)/.test(command);
}

/** What is said on stderr beside what an example prints there, and that there was nothing to do. */
function withoutNotes(stderr: string): string {
  const said =
    "no session to \\w+|watching \\w+|\\w+ ended with code 0|nobody listens on port \\d+";
  return stderr.replace(new RegExp(`^(to stderr|korun: (${said}))\\n`, "gm"), "");
}
