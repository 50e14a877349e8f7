// The endpoints that write to a session, and the one that is its terminal.

import { type Endpoint, ok } from "../endpoint.ts";
import { InputQuery, InputReply, ResizeReply, ResizeTerminal, SendInput } from "../input.ts";
import { SESSIONS } from "../paths.ts";
import { NoQuery } from "../queries.ts";
import { AttachQuery } from "../terminal.ts";

const ONE = `${SESSIONS}/{id}`;

export const INPUT_ENDPOINTS: readonly Endpoint[] = [
  {
    name: "sendInput",
    method: "POST",
    path: `${ONE}/input`,
    about: "Writes to a session's stdin, or types into its terminal.",
    query: InputQuery,
    body: { schema: SendInput, required: true },
    answers: [ok(InputReply, "It is written: the process has it, or its pipe does.")],
    refusals: {
      409: "It takes no input, is at rest, or does not read.",
      503: "The daemon leaves.",
    },
  },
  {
    name: "resizeTerminal",
    method: "POST",
    path: `${ONE}/resize`,
    about: "Gives the terminal of a session another size.",
    query: NoQuery,
    body: { schema: ResizeTerminal, required: true },
    answers: [ok(ResizeReply, "It has it.")],
    refusals: { 409: "It runs in no terminal." },
  },
  {
    name: "attachTerminal",
    method: "GET",
    path: `${ONE}/attach`,
    about: "The terminal of a session, over a WebSocket.",
    details:
      "Binary messages are the terminal's bytes in one direction and keys in the other. Text " +
      "messages are JSON: `TerminalMessage` from the daemon, `ViewerMessage` to it. `korun attach` " +
      "is a client.",
    query: AttachQuery,
    answers: [{ status: 101, about: "The connection is a WebSocket from here on.", content: [] }],
    refusals: { 409: "It has no terminal." },
  },
];
