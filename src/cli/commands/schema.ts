// What commands send and what they answer with --json, as JSON Schema, for programs that use them.

import type { Json } from "../../api/json-schema.ts";
import { Problem } from "../../domain/problem.ts";
import { EXIT } from "../exit.ts";
import type { CommandContract } from "../line/command-contract.ts";
import { defineCommand } from "../line/signature.ts";
import { printOut } from "../show/print.ts";
import { screenOf } from "../show/screen.ts";
import { painter } from "../show/style.ts";
import { renderTable } from "../show/table.ts";

export const schema = defineCommand({
  name: "schema",
  about: "Show what a command sends and answers with --json, as JSON Schema",
  flags: { json: { kind: "switch", about: "With no command: the schemas of all, in one array" } },
  words: {
    name: "COMMAND",
    about: "A command, such as `inspect` or `daemon status`; without one, all are listed",
    least: 0,
    most: 2,
    offer: "commands",
  },
  examples: ["korun schema", "korun schema inspect", "korun schema daemon status"],
  async run({ flags, words }) {
    const { contractedCommands, contractOf } = await import("../line/command-contract.ts");
    const commands = contractedCommands();
    if (words.length > 0) {
      const command = words.join(" ");
      const contract = contractOf(command);
      if (contract === undefined) throw unknown(command, commands);
      printOut(`${JSON.stringify(contract, null, 2)}\n`);
      return EXIT.ok;
    }
    const contracts = commands.map(contractOf).filter((one) => one !== undefined);
    if (flags.json) printOut(`${JSON.stringify(contracts, null, 2)}\n`);
    else printOut(await tableOf(contracts));
    return EXIT.ok;
  },
});

const TITLES = ["COMMAND", "REQUEST", "SENDS", "ANSWERS"];

async function tableOf(contracts: readonly CommandContract[]): Promise<string> {
  const { columns, colour } = await screenOf(1);
  const rows = contracts.map(({ command, request, body, answer }) =>
    [command, request, nameOf(body), nameOf(answer)].map((text) => ({ text })),
  );
  return renderTable(TITLES, rows, { columns, paint: painter(colour) });
}

function nameOf(written: Json | null): string {
  return written?.title ?? "-";
}

function unknown(command: string, commands: readonly string[]): Problem {
  return new Problem("bad_request", `\`korun ${command}\` has no JSON to describe`, {
    field: "COMMAND",
    expected: `one of ${commands.join(", ")}`,
    hint: `There are: ${commands.join(", ")}.`,
  });
}
