// Which request each command makes and what it prints with `--json`: the API's own words, so their
// schemas are the API's own too. Loaded by `korun schema` alone.

import type { Endpoint } from "../../api/endpoint.ts";
import { ENDPOINTS } from "../../api/endpoints/all.ts";
import { type Json, SchemaWriter } from "../../api/json-schema.ts";

/** What a command prints with `--json`: nothing such, one answer, or one a session or a request. */
type Prints = "nothing" | "one" | "several";

type Contract = readonly [endpoint: string, prints: Prints, followed?: string];

/** Commands, each with the endpoint that it asks, and the one that `-f` asks if that is another. */
const CONTRACTS: Readonly<Record<string, Contract>> = {
  serve: ["createSession", "one"],
  run: ["createSession", "nothing"],
  ls: ["listSessions", "one"],
  inspect: ["getSession", "one"],
  runs: ["listRuns", "one"],
  wait: ["waitForSession", "one"],
  stats: ["getStats", "several", "getStats"],
  ports: ["listPorts", "one"],
  logs: ["getLogs", "one"],
  tail: ["getTail", "one"],
  head: ["getHead", "one", "getLogs"],
  expect: ["expectOutput", "one"],
  diff: ["getDiff", "one"],
  digest: ["getDigest", "one"],
  send: ["sendInput", "several"],
  restart: ["restartSession", "several"],
  stop: ["stopSession", "several"],
  rm: ["removeSession", "several"],
  prune: ["pruneSessions", "one"],
  events: ["listEvents", "one"],
  "daemon start": ["getDaemon", "one"],
  "daemon stop": ["stopDaemon", "one"],
  "daemon status": ["getDaemon", "one"],
  "daemon upgrade": ["upgradeDaemon", "nothing"],
};

/** What a command sends and prints. Each schema stands for itself. */
export interface CommandContract {
  readonly command: string;
  /** Such as `POST /v1/sessions`. */
  readonly request: string;
  /** The query's parameters; null where it takes none. */
  readonly query: Json | null;
  /** Null where nothing is sent. */
  readonly body: Json | null;
  /** A JSON value that `--json` prints; null where there is no such flag. */
  readonly answer: Json | null;
  /** There may be several such values, a line each. */
  readonly several: boolean;
  /** With `--json` and `-f`, each line; null where it cannot follow. */
  readonly line: Json | null;
}

/** The commands that have a contract, in the order of the help. */
export function contractedCommands(): readonly string[] {
  return Object.keys(CONTRACTS);
}

/** The contract of a command; undefined for one that prints for people only. */
export function contractOf(command: string): CommandContract | undefined {
  const contract = Object.hasOwn(CONTRACTS, command) ? CONTRACTS[command] : undefined;
  if (contract === undefined) return undefined;
  const [asked, prints, followed] = contract;
  const endpoint = endpointOf(asked);
  if (endpoint === undefined) return undefined;
  const writer = new SchemaWriter("#/$defs/");
  const { method, path, query, body } = endpoint;
  const hasQuery = Object.keys(query.entries).length > 0;
  const [answer, entry] = prints === "nothing" ? [] : answersOf(endpoint);
  const line = entry ?? lineOf(endpointOf(followed));
  return {
    command,
    request: `${method} ${path}`,
    query: hasQuery ? writer.standalone(query) : null,
    body: body === undefined ? null : writer.standalone(body.schema),
    answer: answer === undefined ? null : writer.standalone(answer),
    several: prints === "several",
    line: line === undefined ? null : writer.standalone(line),
  };
}

function endpointOf(wanted: string | undefined): Endpoint | undefined {
  return ENDPOINTS.find(({ name }) => name === wanted);
}

type Schema = Parameters<SchemaWriter["write"]>[0];

/** What it answers as a whole, and what each line of what it follows is. */
function answersOf({ answers }: Endpoint): [Schema | undefined, Schema | undefined] {
  const content = answers.flatMap((answer) => answer.content);
  const whole = content.find(({ type }) => type === "application/json");
  const lines = content.find(({ type }) => type === "application/x-ndjson");
  return [whole?.schema, lines?.item];
}

/** What each line is of a command that follows: an entry, or the whole answer again. */
function lineOf(endpoint: Endpoint | undefined): Schema | undefined {
  if (endpoint === undefined) return undefined;
  const [whole, entry] = answersOf(endpoint);
  return entry ?? whole;
}
