import { expect, test } from "bun:test";
import { COMMANDS } from "../../src/cli/commands.ts";
import { contractedCommands, contractOf } from "../../src/cli/line/command-contract.ts";
import { type Command, isGroup } from "../../src/cli/line/signature.ts";
import { createValidator } from "../support/json-schema.ts";
import { korun } from "./support/cli.ts";
import { FakeDaemon } from "./support/fake-daemon.ts";

async function commands(): Promise<Command[]> {
  const loaded = await Promise.all(Object.values(COMMANDS).map((load) => load()));
  const nested = loaded.map(async (found) => {
    if (!isGroup(found)) return [found];
    return await Promise.all(Object.values(found.commands).map((load) => load()));
  });
  return (await Promise.all(nested)).flat();
}

test("every command with --json has a schema for what it prints, and no other has", async () => {
  const printing = (await commands()).filter(
    ({ name, flags }) => "json" in flags && name !== "schema",
  );
  const described = contractedCommands().filter((name) => contractOf(name)?.answer !== null);
  expect(described.toSorted()).toEqual(printing.map(({ name }) => name).toSorted());
  for (const name of contractedCommands()) expect(contractOf(name)?.command).toBe(name);
});

test("every command that follows and prints JSON has a schema for its lines", async () => {
  const following = (await commands()).filter(({ flags }) => "follow" in flags && "json" in flags);
  const described = contractedCommands().filter((name) => contractOf(name)?.line !== null);
  expect(described.toSorted()).toEqual(following.map(({ name }) => name).toSorted());
});

test("each schema stands for itself", () => {
  for (const name of contractedCommands()) {
    const { query, body, answer, line } = contractOf(name) ?? {};
    for (const schema of [query, body, answer, line]) {
      if (schema) expect(createValidator().compile(schema as object)).toBeFunction();
    }
  }
});

test("without a command all are listed, with what they send and answer", async () => {
  await using daemon = new FakeDaemon({});
  const { code, stdout } = await korun(daemon, ["schema"]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^COMMAND +REQUEST +SENDS +ANSWERS\n/);
  expect(stdout).toMatch(/^serve +POST \/v1\/sessions +CreateSession +CreatedReply$/m);
  expect(stdout).toMatch(/^ls +GET \/v1\/sessions +- +SessionListReply$/m);
  expect(stdout.trim().split("\n")).toHaveLength(contractedCommands().length + 1);
});

test("with --json the schemas of all come in one array", async () => {
  await using daemon = new FakeDaemon({});
  const { stdout } = await korun(daemon, ["schema", "--json"]);
  const names = (JSON.parse(stdout) as { command: string }[]).map(({ command }) => command);
  expect(names).toEqual([...contractedCommands()]);
});

test("one command's is shown, of two words too", async () => {
  await using daemon = new FakeDaemon({});
  const serve = JSON.parse((await korun(daemon, ["schema", "serve"])).stdout) as object;
  expect(serve).toMatchObject({
    command: "serve",
    request: "POST /v1/sessions",
    query: { properties: { wait: { enum: ["0", "1", "false", "true"] } } },
    body: { title: "CreateSession", required: ["command"], additionalProperties: false },
    answer: { title: "CreatedReply", required: ["id", "state"] },
    several: false,
  });
  const status = JSON.parse((await korun(daemon, ["schema", "daemon", "status"])).stdout) as object;
  expect(status).toMatchObject({ command: "daemon status", body: null });
});

test("a command that prints for people only is refused with those there are", async () => {
  await using daemon = new FakeDaemon({});
  const { code, stdout, stderr } = await korun(daemon, ["schema", "why"]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toStartWith("korun: `korun why` has no JSON to describe\n  There are: serve, ");
});
