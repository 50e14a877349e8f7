// What commands really print with --json is what `korun schema` says of them.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { contractedCommands, contractOf } from "../../src/cli/line/command-contract.ts";
import { createValidator } from "../support/json-schema.ts";
import { Korun } from "../support/korun.ts";

const korun = new Korun();

interface Schemas {
  readonly command: string;
  readonly answer: object | null;
  readonly line: object | null;
  readonly several: boolean;
}

let schemas: readonly Schemas[] = [];

beforeAll(async () => {
  schemas = JSON.parse(await korun.ok(["schema", "--json"])) as Schemas[];
  await korun.serve("echo ready; exec cat", ["--name", "web", "--stdin", "pipe", "-w", "."]);
  await korun.serve("exec cat", ["--name", "other", "--stdin", "pipe"]);
  await korun.ok(["run", "--name", "job", "--", "sh", "-c", "echo one; echo two >&2"]);
});

afterAll(() => korun[Symbol.asyncDispose]());

function expectFit(schema: object | null | undefined, text: string): void {
  const validate = createValidator().compile(schema ?? { not: {} });
  validate(JSON.parse(text));
  expect([text, validate.errors]).toEqual([text, null]);
}

/** Command lines in an order in which all of them succeed, and how many values each prints. */
const LINES: readonly (readonly [line: string, values: number])[] = [
  ["serve --name web -w . --stdin pipe --json -- sh -c", 1],
  ["ls --json", 1],
  ["inspect web --json", 1],
  ["runs web --json", 1],
  ["wait web --json", 1],
  ["stats web other --json", 2],
  ["ports --json", 1],
  ["logs web --json", 1],
  ["tail web --json", 1],
  ["head web --json", 1],
  ["expect web ready --json", 1],
  ["diff web --json", 1],
  ["digest web --json", 1],
  ["send web hello --enter --json", 1],
  ["restart web other --json", 2],
  ["stop web other --json", 2],
  ["rm web other --json", 2],
  ["events --json", 1],
  ["prune --keep 1 --json", 1],
  ["daemon start --json", 1],
  ["daemon status --json", 1],
  ["daemon stop --json", 1],
];

function schemasOf(command: string): Schemas {
  const found = schemas.find((one) => one.command === command);
  if (found === undefined) throw new Error(`no schema of ${command}`);
  return found;
}

for (const [line, values] of LINES) {
  test(`korun ${line}`, async () => {
    const words = line.split(" ");
    const [first = "", second = ""] = words;
    if (line === "daemon stop --json") await followedFits();
    if (first === "serve") words.push("echo ready; exec cat");
    const stdout = await korun.ok(words);
    const { answer, several } = schemasOf(first === "daemon" ? `${first} ${second}` : first);
    const texts = stdout.split("\n");
    expect(texts).toHaveLength(values);
    expect(several || values === 1).toBeTrue();
    for (const text of texts) expectFit(answer, text);
  });
}

/** Lines that come with -f, of the session that is over and of the daemon. */
async function followedFits(): Promise<void> {
  for (const command of ["logs", "tail", "head"]) {
    const stdout = await korun.ok([command, "-f", "--json", "job"]);
    expect(stdout.split("\n")).toHaveLength(2);
    for (const text of stdout.split("\n")) expectFit(schemasOf(command).line, text);
  }
  const events = korun.spawn(["events", "-f", "--json", "--since-seq", "1"]);
  const { value = "" } = await events.stdout
    .pipeThrough(new TextDecoderStream())
    .getReader()
    .read();
  events.kill();
  await events.exited;
  const whole = value.slice(0, value.lastIndexOf("\n")).split("\n");
  for (const text of whole) expectFit(schemasOf("events").line, text);
}

test("every command that prints JSON was run", () => {
  const printing = contractedCommands().filter((name) => contractOf(name)?.answer !== null);
  const ran = LINES.map(([line]) => printing.find((name) => line.startsWith(`${name} `)) ?? line);
  expect(new Set(ran)).toEqual(new Set(printing));
});
