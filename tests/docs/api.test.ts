// Types every command of docs/api.md, in order, against a korun of its own: each must succeed, and
// each answer that is shown must have the shape of one that was got.
//
// Typed in place of what stands there: the test's own port for 7777. A curl on PATH before the real
// one keeps a copy of each answer, since the document puts some into variables.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { SessionListReply } from "../../src/api/replies.ts";
import { CreateSession } from "../../src/api/requests.ts";
import { pathWithKorun } from "../binary/support/shell.ts";
import { Korun } from "../support/korun.ts";
import { type Block, blocksOf, commandsOf, readDocument } from "./support/markdown.ts";
import { difference } from "./support/shape.ts";
import { Typist } from "./support/typist.ts";

const document = readDocument("docs/api.md");
const blocks = blocksOf(document);
const korun = new Korun();
const answers = join(korun.root, "answers");
let typist: Typist;
/** The newest session's JSON, taken while it could be had. */
let session: Record<string, unknown> = {};
let refusal: unknown;
/** The first session's log as a follower gets it in frames. */
let framed = "";

beforeAll(async () => {
  const { port } = new URL(await korun.url());
  const curls = join(korun.root, "curls");
  mkdirSync(answers);
  mkdirSync(curls);
  const keep = `file=$(mktemp ${answers}/XXXXXX)
    ${Bun.which("curl")} --noproxy '*' "$@" > "$file"; code=$?; cat "$file"; exit $code`;
  writeFileSync(join(curls, "curl"), `#!/bin/sh\n${keep}\n`, { mode: 0o755 });
  typist = new Typist({
    cwd: korun.work,
    env: { ...korun.env, PATH: `${curls}:${pathWithKorun(korun)}` },
    replacements: { "127.0.0.1:7777": `127.0.0.1:${port}` },
  });
});

afterAll(async () => {
  await typist[Symbol.asyncDispose]();
  await korun[Symbol.asyncDispose]();
});

describe("in docs/api.md", () => {
  let got: string[] = [];
  for (const block of blocks) {
    const title = `line ${block.line}, ${block.section}`;
    if (block.language === "sh") {
      test(`${title}: each command succeeds`, async () => {
        if (block.section === "Logs") await firstHasPrinted();
        got = await answersTo(block);
        if (block.section === "Inspect a session") session = JSON.parse(got[0] ?? "");
        if (block.section === "Logs") {
          refusal = await (await korun.fetch(REFUSED)).json();
          framed = await firstPiece();
        }
      });
    } else if (block.language === "js") {
      test(`${title}: the program runs to its end`, async () => {
        const { code, stdout, stderr } = await runProgram(block.text);
        expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
        expect(stdout).toMatch(/type: "screen".*\/dev\/pts.*type: "exit"/s);
      });
    } else if (block.language === "json") {
      test(`${title}: the answer is as it is shown`, async () => {
        const example: unknown = JSON.parse(block.text);
        if (block.section === "Errors") expect(refusal).toEqual(example as never);
        else if (isRefusal(example)) expect(await takenName()).toBe(withoutIds(block.text));
        else if (isNotice(example)) expect(Object.keys(example)).toEqual(["missed", "next_seq"]);
        else expect(closest(example, got)).toBeUndefined();
      });
    } else {
      test(`${title}: the text is as it is shown`, () => {
        expect([...got, framed, "[korun] missed 120 lines\n"]).toContain(block.text);
      });
    }
  }
});

async function runProgram(text: string) {
  const { host } = new URL(await korun.url());
  const program = text.replace("127.0.0.1:7777", host);
  const child = Bun.spawn([process.execPath, "-e", program], { stdout: "pipe", stderr: "pipe" });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, stdout, stderr };
}

/** What a name is answered that another session has. */
async function takenName(): Promise<string> {
  const body = JSON.stringify({ command: ["sleep", "900"], name: "cache" });
  const response = await korun.fetch("/v1/sessions", { method: "POST", body });
  return withoutIds(await response.text());
}

function withoutIds(text: string): string {
  return text.trim().replace(/[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}/g, "ID");
}

/** What the example of an error was asked for. */
const REFUSED = "/v1/sessions/web/logs?limit=abc";

test("every field of a session is explained", () => {
  expect(Object.keys(session).length).toBeGreaterThan(30);
  const documented = codeIn("Inspect a session");
  for (const field of Object.keys(session)) expect(documented).toContain(field);
});

test("every field that a session can be made with is explained, and no other", () => {
  const rows = [...sectionOf("Create a session").matchAll(/^\| `(\w+)` \| /gm)];
  const fields = rows.map(([, field = ""]) => field).filter((field) => field !== "wait");
  expect(fields.sort()).toEqual(Object.keys(CreateSession.entries).sort());
});

async function firstPiece(): Promise<string> {
  const { sessions } = await korun.json<SessionListReply>("/v1/sessions");
  const path = `/v1/sessions/${sessions[0]?.id}/logs?follow=1&format=frames`;
  const { body } = await korun.fetch(path);
  const reader = body?.getReader();
  const piece = await reader?.read();
  await reader?.cancel();
  return new TextDecoder().decode(piece?.value);
}

/** A reader takes longer than the session's two lines. */
async function firstHasPrinted(): Promise<void> {
  const { sessions } = await korun.json<SessionListReply>("/v1/sessions");
  await korun.until(sessions[0]?.id ?? "", ({ blended_lines }) => blended_lines === 2);
}

/** Types all commands of a block; what curl got, in order. */
async function answersTo(block: Block): Promise<string[]> {
  rmSync(answers, { recursive: true });
  mkdirSync(answers);
  for (const { command } of commandsOf(block)) {
    const { code, stderr } = await typist.type(command);
    // What follows without end is cut off by the example itself.
    const wanted = command.startsWith("timeout ") ? 124 : 0;
    expect({ command, code, stderr }).toEqual({ command, code: wanted, stderr: "" });
  }
  const got = readdirSync(answers).map((file) => readFileSync(join(answers, file), "utf8"));
  for (const text of got) expect(text).not.toStartWith('{"error":{"code"');
  return got.map((text) => typist.asShown(text));
}

/** Undefined when one of the answers is like the example; else what is wrong with each. */
function closest(example: unknown, got: readonly string[]): string[] | undefined {
  const differences: string[] = [];
  for (const text of got) {
    const found = difference(example, parse(text));
    if (found === undefined) return undefined;
    differences.push(found);
  }
  return differences;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function isRefusal(example: unknown): example is object {
  if (typeof example !== "object" || example === null || !("error" in example)) return false;
  return typeof example.error === "object";
}

function isNotice(example: unknown): example is object {
  return typeof example === "object" && example !== null && "missed" in example;
}

/** What stands in backquotes in a section. */
function codeIn(section: string): string[] {
  return [...sectionOf(section).matchAll(/(?<!`)`([^`\n]+)`/g)].map(([, code = ""]) => code);
}

function sectionOf(title: string): string {
  const [, text = ""] = document.split(`\n## ${title}\n`);
  return text.split("\n## ")[0] ?? "";
}
